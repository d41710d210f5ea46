-- see_requests: extend the cycles of tokens by requests, or open new ones after a gap. The row of a token in open_cycles is
-- locked meanwhile, in one order.
-- $1 organization_ids uuid[]
-- $2 token_ids uuid[]
-- $3 new_ids uuid[]: of a cycle, if one is opened
-- $4 first_at timestamptz[]
-- $5 last_at timestamptz[]
-- $6 requests bigint[]
-- $7 reads bigint[]
-- $8 unchanged bigint[]
-- $9 refused bigint[]
-- $10 slowest_ms float8[]
-- $11 slowest_request_ids uuid[]
-- $12 slowest_methods text[]
-- $13 slowest_routes text[]
-- $14 gap interval
WITH sent AS (
    SELECT *
      FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::timestamptz[], $5::timestamptz[], $6::bigint[], $7::bigint[],
                  $8::bigint[], $9::bigint[], $10::float8[], $11::uuid[], $12::text[], $13::text[])
        AS sent (organization_id, token_id, new_id, first_at, last_at, requests, reads, unchanged, refused, slowest_ms,
                 slowest_request_id, slowest_method, slowest_route)
),
opened AS (
    INSERT INTO service.open_cycles AS open (token_id, organization_id, cycle_id, started_at, last_at)
    SELECT token_id, organization_id, new_id, first_at, last_at
      FROM sent
     ORDER BY organization_id, token_id
        ON CONFLICT ON CONSTRAINT open_cycles_pkey
        DO UPDATE
       SET cycle_id = CASE WHEN excluded.started_at > open.last_at + $14 THEN excluded.cycle_id ELSE open.cycle_id END,
           started_at = CASE WHEN excluded.started_at > open.last_at + $14 THEN excluded.started_at
                             ELSE least(open.started_at, excluded.started_at) END,
           last_at = greatest(open.last_at, excluded.last_at)
    RETURNING organization_id, token_id, cycle_id, started_at, last_at
)
INSERT INTO service.cycles AS cycle
       (organization_id, id, token_id, started_at, last_at, requests, reads, unchanged, refused, slowest_ms,
        slowest_request_id, slowest_method, slowest_route)
SELECT opened.organization_id, opened.cycle_id, opened.token_id, opened.started_at, opened.last_at, sent.requests,
       sent.reads, sent.unchanged, sent.refused, sent.slowest_ms, sent.slowest_request_id, sent.slowest_method,
       sent.slowest_route
  FROM opened
  JOIN sent
    ON sent.organization_id = opened.organization_id
   AND sent.token_id = opened.token_id
    ON CONFLICT ON CONSTRAINT cycles_pkey
    DO UPDATE
   SET started_at = excluded.started_at,
       last_at = excluded.last_at,
       requests = cycle.requests + excluded.requests,
       reads = cycle.reads + excluded.reads,
       unchanged = cycle.unchanged + excluded.unchanged,
       refused = cycle.refused + excluded.refused,
       counts = NULL,
       (slowest_ms, slowest_request_id, slowest_method, slowest_route) =
       (SELECT slowest.ms, slowest.request_id, slowest.method, slowest.route
          FROM (VALUES (cycle.slowest_ms, cycle.slowest_request_id, cycle.slowest_method, cycle.slowest_route),
                       (excluded.slowest_ms, excluded.slowest_request_id, excluded.slowest_method, excluded.slowest_route))
            AS slowest (ms, request_id, method, route)
         ORDER BY slowest.ms DESC
         LIMIT 1)
RETURNING organization_id, token_id, id
