-- load_checkpoints: the checkpoint of a projection in each log that it has started.
-- $1 projection text
SELECT organization_id, position
  FROM followers.checkpoints
 WHERE projection = $1
