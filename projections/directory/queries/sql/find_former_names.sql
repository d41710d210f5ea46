-- find_former_names: the users who have a userName, or had it, in the order in which they got it.
-- $1 organization_id uuid
-- $2 user_name_key text
SELECT id
  FROM versions.user_versions
 WHERE organization_id = $1
   AND user_name_key = $2
 GROUP BY id
 ORDER BY min(from_position)
