-- load_members: which of some pairs of a group and an id are memberships.
-- $1 organization_id uuid
-- $2 group_ids uuid[]
-- $3 member_ids uuid[]
SELECT group_id, member_id, member_type
  FROM unnest($2::uuid[], $3::uuid[]) AS named (group_id, member_id)
  JOIN directory.memberships USING (group_id, member_id)
 WHERE organization_id = $1
