-- read_members_at_position: the members that a group had after the event at a position, by member, after a given one.
-- $1 organization_id uuid
-- $2 group_id uuid
-- $3 position bigint
-- $4 after uuid: the last member of the page before; NULL for the first page
-- $5 limit bigint
SELECT member_id, member_type, from_position, from_at, to_position, to_at
  FROM history.membership_periods
 WHERE organization_id = $1
   AND group_id = $2
   AND from_position <= $3
   AND (to_position IS NULL OR to_position > $3)
   AND ($4::uuid IS NULL OR member_id > $4)
 ORDER BY member_id
 LIMIT $5
