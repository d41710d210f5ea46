-- before_cycle: the cycle of a token before another one.
-- $1 organization_id uuid
-- $2 token_id uuid
-- $3 started_at timestamptz: of the other one
-- $4 id uuid: of the other one
SELECT id, token_id, started_at, last_at, requests, reads, unchanged, refused, slowest_ms, slowest_request_id,
       slowest_method, slowest_route, counts
  FROM service.cycles
 WHERE organization_id = $1
   AND token_id = $2
   AND (started_at, id) < ($3, $4)
 ORDER BY started_at DESC, id DESC
 LIMIT 1
