-- clear_former_users: take the rows of former users out, to write them anew.
-- $1 organization_id uuid
-- $2 ids uuid[]
DELETE FROM former_users
 WHERE organization_id = $1
   AND id = ANY($2::uuid[])
