-- remove_members: delete memberships. One element of each array per membership.
-- $1 organization_id uuid
-- $2 group_ids uuid[]
-- $3 member_ids uuid[]
DELETE FROM memberships
 USING unnest($2::uuid[], $3::uuid[]) AS rows (gone_group_id, gone_member_id)
 WHERE organization_id = $1
   AND group_id = gone_group_id
   AND member_id = gone_member_id
