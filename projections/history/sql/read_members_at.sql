-- read_members_at: the members that a group had at an instant, by member, after a given one.
-- $1 organization_id uuid
-- $2 group_id uuid
-- $3 instant timestamptz
-- $4 after uuid: the last member of the page before; NULL for the first page
-- $5 limit bigint
SELECT member_id, member_type, from_position, from_at, to_position, to_at
  FROM history.membership_periods
 WHERE organization_id = $1
   AND group_id = $2
   AND from_at <= $3
   AND (to_at IS NULL OR to_at > $3)
   AND ($4::uuid IS NULL OR member_id > $4)
 ORDER BY member_id
 LIMIT $5
