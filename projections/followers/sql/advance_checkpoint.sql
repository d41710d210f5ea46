-- advance_checkpoint: advance a checkpoint and keep it locked. No row means that it was not at `from`.
-- $1 projection text
-- $2 organization_id uuid
-- $3 from bigint
-- $4 to bigint
UPDATE followers.checkpoints
   SET position = $4,
       advanced_at = clock_timestamp()
 WHERE projection = $1
   AND organization_id = $2
   AND position = $3
RETURNING position
