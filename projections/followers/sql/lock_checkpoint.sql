-- lock_checkpoint: a checkpoint, which nobody else moves until the transaction ends; no row before its start.
-- $1 projection text
-- $2 organization_id uuid
SELECT position
  FROM followers.checkpoints
 WHERE projection = $1
   AND organization_id = $2
   FOR UPDATE
