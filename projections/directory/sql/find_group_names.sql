-- find_group_names: which groups hold these folded displayNames. Free names have no row.
-- $1 organization_id uuid
-- $2 display_name_keys text[]
SELECT display_name_key, id
  FROM directory.groups
 WHERE organization_id = $1
   AND display_name_key = ANY($2::text[])
