-- clear_losses: delete the losses that events of some streams led to.
-- $1 organization_id uuid
-- $2 stream_ids uuid[]
DELETE FROM losses
 WHERE organization_id = $1
   AND stream_id = ANY($2::uuid[])
