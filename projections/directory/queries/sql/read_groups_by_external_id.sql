-- read_groups_by_external_id: groups by external_id as they are served, without members. An unknown key has no row.
-- $1 organization_id uuid
-- $2 keys text[]
SELECT external_id AS key, id, version, created_at, modified_at, document, NULL AS related, member_count
  FROM directory.groups
 WHERE organization_id = $1
   AND external_id = ANY($2::text[])
