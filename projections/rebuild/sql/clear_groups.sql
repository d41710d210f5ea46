-- clear_groups: take the rows of groups out, to write them anew.
-- $1 organization_id uuid
-- $2 ids uuid[]
DELETE FROM groups
 WHERE organization_id = $1
   AND id = ANY($2::uuid[])
