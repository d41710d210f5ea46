-- find_names: users by id, with their names. Unknown and deleted ids have no row.
-- $1 organization_id uuid
-- $2 ids uuid[]
SELECT id, document->>'userName' AS user_name, document->>'displayName' AS display_name
  FROM directory.users
 WHERE organization_id = $1
   AND id = ANY($2::uuid[])
