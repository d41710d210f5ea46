-- load_role_holders: the roles of users by id, without their attributes. Unknown ids have no row.
-- $1 organization_id uuid
-- $2 ids uuid[]
SELECT id, version, created_at, modified_at, origin, active, role_id, kind, explicit_role_id, role_group_id
  FROM directory.users
 WHERE organization_id = $1
   AND id = ANY($2::uuid[])
