-- read_reached: the position up to which history has a log. No row means that it has nothing of it.
-- $1 organization_id uuid
SELECT position
  FROM followers.checkpoints
 WHERE projection = 'history'
   AND organization_id = $1
