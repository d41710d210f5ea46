-- clear_memberships: take all memberships of groups out.
-- $1 organization_id uuid
-- $2 group_ids uuid[]
DELETE FROM memberships
 WHERE organization_id = $1
   AND group_id = ANY($2::uuid[])
