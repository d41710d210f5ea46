-- load_all_members: all members of some groups.
-- $1 organization_id uuid
-- $2 group_ids uuid[]
SELECT group_id, member_id, member_type
  FROM directory.memberships
 WHERE organization_id = $1
   AND group_id = ANY($2::uuid[])
