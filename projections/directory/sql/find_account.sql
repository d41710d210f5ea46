-- find_account: the id of a user by folded userName. An unknown name has no row.
-- $1 organization_id uuid
-- $2 user_name_key text
SELECT id
  FROM directory.users
 WHERE organization_id = $1
   AND user_name_key = $2
