-- list_cycles: cycles, newest first.
-- $1 organization_id uuid
-- $2 token_id uuid: of one token; NULL for all
-- $3 begin timestamptz: they began then or later; NULL for all
-- $4 end timestamptz: they began then or earlier; NULL for all
-- $5 last_started_at timestamptz: of the last one of the page before; NULL for the first page
-- $6 last_id uuid
-- $7 limit bigint
-- $8 is_refused boolean: only those in which something was refused
SELECT id, token_id, started_at, last_at, requests, reads, unchanged, refused, slowest_ms, slowest_request_id,
       slowest_method, slowest_route, counts
  FROM service.cycles
 WHERE organization_id = $1
   AND ($2::uuid IS NULL OR token_id = $2)
   AND ($3::timestamptz IS NULL OR started_at >= $3)
   AND ($4::timestamptz IS NULL OR started_at <= $4)
   AND ($5::timestamptz IS NULL OR (started_at, id) < ($5, $6::uuid))
   AND (NOT $8::boolean OR refused > 0)
 ORDER BY started_at DESC, id DESC
 LIMIT $7
