-- read_one_of_groups_by_display_name: the same as read_groups_by_display_name, for one key.
-- $1 organization_id uuid
-- $2 key text
SELECT display_name_key AS key, id, version, created_at, modified_at, document, NULL AS related, member_count
  FROM directory.groups
 WHERE organization_id = $1
   AND display_name_key = $2
