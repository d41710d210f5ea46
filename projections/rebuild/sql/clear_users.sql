-- clear_users: take the rows of users out, to write them anew.
-- $1 organization_id uuid
-- $2 ids uuid[]
DELETE FROM users
 WHERE organization_id = $1
   AND id = ANY($2::uuid[])
