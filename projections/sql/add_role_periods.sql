-- add_role_periods: add role periods, open or ended, one element of each array per period.
-- $1 organization_id uuid
-- $2 user_ids uuid[]
-- $3 role_ids uuid[]
-- $4 assigned_by text[]
-- $5 sources text[]
-- $6 request_ids uuid[]
-- $7 from_positions bigint[]
-- $8 from_at timestamptz[]
-- $9 to_positions bigint[]
-- $10 to_at timestamptz[]
INSERT INTO role_periods
       (organization_id, user_id, role_id, assigned_by, source, request_id,
        from_position, from_at, to_position, to_at)
SELECT $1, user_id, role_id, assigned_by, source, request_id,
       from_position, from_at, to_position, to_at
  FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::uuid[],
              $7::bigint[], $8::timestamptz[], $9::bigint[], $10::timestamptz[])
       AS periods (user_id, role_id, assigned_by, source, request_id,
                   from_position, from_at, to_position, to_at)
