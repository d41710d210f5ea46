-- read_people: users by id, as administrators see them. An unknown id has no row.
-- $1 organization_id uuid
-- $2 ids uuid[]
SELECT id, version, created_at, modified_at, origin, active, role_id, user_name_key, document
  FROM directory.users
 WHERE organization_id = $1
   AND id = ANY($2::uuid[])
