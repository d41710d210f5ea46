-- list_requests: kept requests, newest first.
-- $1 organization_id uuid
-- $2 is_refused boolean: NULL for both kinds
-- $3 cycle_id uuid: NULL for all
-- $4 token_id uuid: NULL for all
-- $5 finding text: NULL for all
-- $6 begin timestamptz: NULL for all
-- $7 end timestamptz: NULL for all
-- $8 last_id uuid: of the last one of the page before; NULL for the first page
-- $9 limit bigint
SELECT id, at, token_id, cycle_id, request_id, operation, is_refused, method, route, status, scim_type, attribute, finding,
       resource_id, sealed, sealed_for, is_erased, duration_ms
  FROM service.requests
 WHERE organization_id = $1
   AND ($2::boolean IS NULL OR is_refused = $2)
   AND ($3::uuid IS NULL OR cycle_id = $3)
   AND ($4::uuid IS NULL OR token_id = $4)
   AND ($5::text IS NULL OR finding = $5)
   AND ($6::timestamptz IS NULL OR at >= $6)
   AND ($7::timestamptz IS NULL OR at <= $7)
   AND ($8::uuid IS NULL OR id < $8)
 ORDER BY id DESC
 LIMIT $9
