-- read_user_versions: the states of users by id, of all their versions.
-- $1 organization_id uuid
-- $2 ids uuid[]
SELECT from_position, id, version, created_at, modified_at, origin, active, role_id, document, kind,
       explicit_role_id, role_group_id
  FROM user_versions
 WHERE organization_id = $1
   AND id = ANY($2::uuid[])
