-- find_account: the id of the user that is found first under one of several keys. Unknown names have no row.
-- $1 organization_id uuid
-- $2 user_name_keys text[]
  SELECT id
    FROM directory.users
   WHERE organization_id = $1
     AND user_name_key = ANY($2::text[])
ORDER BY array_position($2::text[], user_name_key::text)
   LIMIT 1
