-- read_one_of_groups_by_external_id: the same as read_groups_by_external_id, for one key.
-- $1 organization_id uuid
-- $2 key text
SELECT external_id AS key, id, version, created_at, modified_at, document, NULL AS related, member_count
  FROM directory.groups
 WHERE organization_id = $1
   AND external_id = $2
