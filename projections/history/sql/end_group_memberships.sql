-- end_group_memberships: end all open membership periods of groups.
-- $1 organization_id uuid
-- $2 group_ids uuid[]
-- $3 to_positions bigint[]
-- $4 to_at timestamptz[]
UPDATE membership_periods
   SET to_position = ended.to_position,
       to_at = ended.to_at
  FROM unnest($2::uuid[], $3::bigint[], $4::timestamptz[])
       AS ended (group_id, to_position, to_at)
 WHERE membership_periods.organization_id = $1
   AND membership_periods.group_id = ended.group_id
   AND membership_periods.to_position IS NULL
