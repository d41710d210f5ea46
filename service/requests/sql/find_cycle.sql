-- find_cycle: one cycle.
-- $1 organization_id uuid
-- $2 id uuid
SELECT id, token_id, started_at, last_at, requests, reads, unchanged, refused, slowest_ms, slowest_request_id,
       slowest_method, slowest_route, counts
  FROM service.cycles
 WHERE organization_id = $1
   AND id = $2
