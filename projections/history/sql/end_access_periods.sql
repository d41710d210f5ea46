-- end_access_periods: end the open access periods of users. Returns one row for each that was open.
-- $1 organization_id uuid
-- $2 user_ids uuid[]
-- $3 to_positions bigint[]
-- $4 to_at timestamptz[]
UPDATE access_periods
   SET to_position = ended.to_position,
       to_at = ended.to_at
  FROM unnest($2::uuid[], $3::bigint[], $4::timestamptz[])
       AS ended (user_id, to_position, to_at)
 WHERE access_periods.organization_id = $1
   AND access_periods.user_id = ended.user_id
   AND access_periods.to_position IS NULL
RETURNING access_periods.user_id
