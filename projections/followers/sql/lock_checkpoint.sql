-- lock_checkpoint: lock a checkpoint until the transaction ends, and return it. No row means that it was not started.
-- $1 projection text
-- $2 organization_id uuid
SELECT position
  FROM followers.checkpoints
 WHERE projection = $1
   AND organization_id = $2
   FOR UPDATE
