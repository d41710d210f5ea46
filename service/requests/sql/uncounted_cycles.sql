-- uncounted_cycles: cycles of all organizations that are over and whose events were not counted yet.
-- $1 last_before timestamptz
-- $2 limit bigint
SELECT organization_id, id, token_id, started_at, last_at, requests, reads, unchanged, refused, slowest_ms,
       slowest_request_id, slowest_method, slowest_route, counts
  FROM service.cycles
 WHERE counts IS NULL
   AND last_at < $1
 ORDER BY last_at
 LIMIT $2
