-- list_people: users in the order of their userNames, after one of them.
-- $1 organization_id uuid
-- $2 limit bigint
-- where: further conditions, with parameters from $3 on
SELECT id, version, created_at, modified_at, origin, active, role_id, user_name_key, document
  FROM directory.users
 WHERE organization_id = $1
   AND kind <> 'unlisted account' {where}
 ORDER BY user_name_key
 LIMIT $2
