-- open_group_versions: the state of groups by id, from their open versions. Others have no row.
-- $1 organization_id uuid
-- $2 ids uuid[]
SELECT id, version, created_at, modified_at, member_count, document
  FROM group_versions
 WHERE organization_id = $1
   AND id = ANY($2::uuid[])
   AND to_position IS NULL
