-- read_groups_by_id_one: read_groups_by_id for one key. Postgres plans it once: what several keys cost depends on how many they are.
-- $1 organization_id uuid
-- $2 key uuid
SELECT id AS key, id, version, created_at, modified_at, document, NULL AS related, member_count
  FROM directory.groups
 WHERE organization_id = $1
   AND id = $2
