-- clear_memberships: delete all memberships of groups.
-- $1 organization_id uuid
-- $2 group_ids uuid[]
DELETE FROM memberships
 WHERE organization_id = $1
   AND group_id = ANY($2::uuid[])
