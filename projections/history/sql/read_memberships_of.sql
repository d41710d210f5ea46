-- read_memberships_of: every group that a user or a group has been a member of, oldest first.
-- $1 organization_id uuid
-- $2 member_id uuid
SELECT group_id, from_position, from_at, to_position, to_at
  FROM history.membership_periods
 WHERE organization_id = $1
   AND member_id = $2
 ORDER BY from_at, group_id
