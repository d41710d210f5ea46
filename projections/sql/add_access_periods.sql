-- add_access_periods: add access periods, open or ended, one element of each array per period.
-- $1 organization_id uuid
-- $2 user_ids uuid[]
-- $3 from_positions bigint[]
-- $4 from_at timestamptz[]
-- $5 to_positions bigint[]
-- $6 to_at timestamptz[]
INSERT INTO access_periods
       (organization_id, user_id, from_position, from_at, to_position, to_at)
SELECT $1, user_id, from_position, from_at, to_position, to_at
  FROM unnest($2::uuid[], $3::bigint[], $4::timestamptz[], $5::bigint[], $6::timestamptz[])
       AS periods (user_id, from_position, from_at, to_position, to_at)
