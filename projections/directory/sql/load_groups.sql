-- load_groups: the state of groups by id, without members. Unknown ids have no row.
-- $1 organization_id uuid
-- $2 ids uuid[]
SELECT id, version, created_at, modified_at, member_count, document
  FROM groups
 WHERE organization_id = $1
   AND id = ANY($2::uuid[])
