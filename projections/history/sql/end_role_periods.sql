-- end_role_periods: end the open role periods of users. Returns one row for each that was open.
-- $1 organization_id uuid
-- $2 user_ids uuid[]
-- $3 to_positions bigint[]
-- $4 to_at timestamptz[]
UPDATE role_periods
   SET to_position = ended.to_position,
       to_at = ended.to_at
  FROM unnest($2::uuid[], $3::bigint[], $4::timestamptz[])
       AS ended (user_id, to_position, to_at)
 WHERE role_periods.organization_id = $1
   AND role_periods.user_id = ended.user_id
   AND role_periods.to_position IS NULL
RETURNING role_periods.user_id
