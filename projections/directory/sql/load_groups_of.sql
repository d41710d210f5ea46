-- load_groups_of: which of some groups some users are in, as (group, user).
-- $1 organization_id uuid
-- $2 group_ids uuid[]
-- $3 member_ids uuid[]
SELECT group_id, member_id
  FROM directory.memberships
 WHERE organization_id = $1
   AND group_id = ANY($2::uuid[])
   AND member_id = ANY($3::uuid[])
