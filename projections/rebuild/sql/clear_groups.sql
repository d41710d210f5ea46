-- clear_groups: delete the rows of groups, before new ones are written.
-- $1 organization_id uuid
-- $2 ids uuid[]
DELETE FROM groups
 WHERE organization_id = $1
   AND id = ANY($2::uuid[])
