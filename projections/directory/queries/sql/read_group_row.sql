-- read_group_row: a group as administrators see it, without its members. An unknown id has no row.
-- $1 organization_id uuid
-- $2 id uuid
SELECT id, version, created_at, modified_at, member_count, display_name_key, document
  FROM directory.groups
 WHERE organization_id = $1
   AND id = $2
