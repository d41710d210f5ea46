-- keep_requests: keep requests, of each organization, day and kind as many as it may keep. Those beyond are only counted.
-- $1 organization_ids uuid[]
-- $2 ids uuid[]
-- $3 at timestamptz[]
-- $4 token_ids uuid[]
-- $5 cycle_ids uuid[]
-- $6 request_ids uuid[]
-- $7 operations integer[]
-- $8 is_refused boolean[]
-- $9 methods text[]
-- $10 routes text[]
-- $11 statuses smallint[]
-- $12 scim_types text[]
-- $13 attributes text[]
-- $14 findings text[]
-- $15 resource_ids uuid[]
-- $16 sealed bytea[]
-- $17 sealed_for uuid[]
-- $18 duration_ms float8[]
-- $19 bound bigint
WITH sent AS (
    SELECT *, (at AT TIME ZONE 'UTC')::date AS day,
           row_number() OVER (PARTITION BY organization_id, (at AT TIME ZONE 'UTC')::date, is_refused ORDER BY id) AS rank
      FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::uuid[], $5::uuid[], $6::uuid[], $7::integer[], $8::boolean[],
                  $9::text[], $10::text[], $11::smallint[], $12::text[], $13::text[], $14::text[], $15::uuid[], $16::bytea[],
                  $17::uuid[], $18::float8[])
        AS sent (organization_id, id, at, token_id, cycle_id, request_id, operation, is_refused, method, route, status,
                 scim_type, attribute, finding, resource_id, sealed, sealed_for, duration_ms)
),
counted AS (
    SELECT organization_id, day, is_refused, count(*) AS sent
      FROM sent
     GROUP BY organization_id, day, is_refused
),
days AS (
    INSERT INTO service.request_days AS day (organization_id, day, is_refused, seen)
    SELECT organization_id, day, is_refused, sent
      FROM counted
     ORDER BY organization_id, day, is_refused
        ON CONFLICT ON CONSTRAINT request_days_pkey
        DO UPDATE
       SET seen = day.seen + excluded.seen
    RETURNING organization_id, day, is_refused, seen
)
INSERT INTO service.requests
       (organization_id, id, at, token_id, cycle_id, request_id, operation, is_refused, method, route, status, scim_type,
        attribute, finding, resource_id, sealed, sealed_for, duration_ms)
SELECT organization_id, id, at, token_id, cycle_id, request_id, operation, is_refused, method, route, status, scim_type,
       attribute, finding, resource_id, sealed, sealed_for, duration_ms
  FROM sent
  JOIN counted USING (organization_id, day, is_refused)
  JOIN days USING (organization_id, day, is_refused)
 WHERE days.seen - counted.sent + sent.rank <= $19
