-- clear_holds: delete the rows of holds, before new ones are written. Their users stay: events only add to them.
-- $1 organization_id uuid
-- $2 ids uuid[]
DELETE FROM holds
 WHERE organization_id = $1
   AND id = ANY($2::uuid[])
