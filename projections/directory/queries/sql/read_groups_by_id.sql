-- read_groups_by_id: groups by id as they are served, without members. An unknown key has no row.
-- $1 organization_id uuid
-- $2 keys uuid[]
SELECT id AS key, id, version, created_at, modified_at, document, NULL AS related, member_count
  FROM directory.groups
 WHERE organization_id = $1
   AND id = ANY($2::uuid[])
