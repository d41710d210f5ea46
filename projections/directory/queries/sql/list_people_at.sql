-- list_people_at: users as they were at a position of the log, in the order of their userNames, after one of them.
-- $1 organization_id uuid
-- $2 limit bigint
-- $3 position bigint
-- where: further conditions, with parameters from $4 on
SELECT id, version, created_at, modified_at, origin, active, role_id, user_name_key, document
  FROM versions.user_versions AS users
 WHERE organization_id = $1
   AND from_position <= $3
   AND (to_position IS NULL OR to_position > $3)
   AND kind <> 'unlisted account' {where}
 ORDER BY user_name_key
 LIMIT $2
