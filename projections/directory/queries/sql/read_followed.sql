-- read_followed: the position up to which both history and versions have a log; NULL if one has nothing of it.
-- $1 organization_id uuid
SELECT CASE WHEN count(*) = 2 THEN min(position) END
  FROM followers.checkpoints
 WHERE organization_id = $1
   AND projection IN ('history', 'versions')
