-- read_groups_by_display_name: groups by display_name_key as they are served, without members. An unknown key has no row.
-- $1 organization_id uuid
-- $2 keys text[]
SELECT display_name_key AS key, id, version, created_at, modified_at, document, NULL AS related, member_count
  FROM directory.groups
 WHERE organization_id = $1
   AND display_name_key = ANY($2::text[])
