-- list_groups: groups in the order of their displayNames, after one of them.
-- $1 organization_id uuid
-- $2 after text: the folded displayName that the page begins after; NULL for the first page
-- $3 begin text: what displayName begins with, folded; NULL for all
-- $4 limit bigint
SELECT id, version, created_at, modified_at, member_count, display_name_key, document
  FROM directory.groups
 WHERE organization_id = $1
   AND ($2::text IS NULL OR display_name_key > $2)
   AND ($3::text IS NULL OR starts_with(display_name_key, $3))
 ORDER BY display_name_key
 LIMIT $4
