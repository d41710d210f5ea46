-- end_membership_periods: end the open periods of members. Returns one row for each that was open.
-- $1 organization_id uuid
-- $2 group_ids uuid[]
-- $3 member_ids uuid[]
-- $4 to_positions bigint[]
-- $5 to_at timestamptz[]
UPDATE membership_periods
   SET to_position = ended.to_position,
       to_at = ended.to_at
  FROM unnest($2::uuid[], $3::uuid[], $4::bigint[], $5::timestamptz[])
       AS ended (group_id, member_id, to_position, to_at)
 WHERE membership_periods.organization_id = $1
   AND membership_periods.group_id = ended.group_id
   AND membership_periods.member_id = ended.member_id
   AND membership_periods.to_position IS NULL
RETURNING membership_periods.member_id
