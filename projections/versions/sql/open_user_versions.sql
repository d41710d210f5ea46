-- open_user_versions: the state of users by id, from their open versions, locked until the end. Others have no row.
-- $1 organization_id uuid
-- $2 ids uuid[]
SELECT id, version, created_at, modified_at, origin, active, role_id, document, kind,
       explicit_role_id, role_group_id
  FROM user_versions
 WHERE organization_id = $1
   AND id = ANY($2::uuid[])
   AND to_position IS NULL
   FOR UPDATE
