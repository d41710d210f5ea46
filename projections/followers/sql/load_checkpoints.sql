-- load_checkpoints: how far a projection has come in each log that it has begun with.
-- $1 projection text
SELECT organization_id, position
  FROM followers.checkpoints
 WHERE projection = $1
