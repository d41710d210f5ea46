-- read_groups_at_position: the groups that some users were in after the event at a position.
-- $1 organization_id uuid
-- $2 member_ids uuid[]
-- $3 position bigint
SELECT member_id, group_id
  FROM history.membership_periods
 WHERE organization_id = $1
   AND member_id = ANY($2::uuid[])
   AND from_position <= $3
   AND (to_position IS NULL OR to_position > $3)
 ORDER BY member_id, from_position, group_id
