-- find_member_types: whether ids belong to users or to groups. Unknown ids have no row.
-- $1 organization_id uuid
-- $2 ids uuid[]
SELECT id, 'User' AS member_type
  FROM directory.users
 WHERE organization_id = $1
   AND id = ANY($2::uuid[])
 UNION ALL
SELECT id, 'Group' AS member_type
  FROM directory.groups
 WHERE organization_id = $1
   AND id = ANY($2::uuid[])
