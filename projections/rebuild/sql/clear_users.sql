-- clear_users: delete the rows of users, before new ones are written.
-- $1 organization_id uuid
-- $2 ids uuid[]
DELETE FROM users
 WHERE organization_id = $1
   AND id = ANY($2::uuid[])
