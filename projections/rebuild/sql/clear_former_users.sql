-- clear_former_users: delete the rows of former users, before new ones are written.
-- $1 organization_id uuid
-- $2 ids uuid[]
DELETE FROM former_users
 WHERE organization_id = $1
   AND id = ANY($2::uuid[])
