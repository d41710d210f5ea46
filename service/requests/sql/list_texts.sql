-- list_texts: what requests say about somebody, sealed, by id.
-- $1 organization_id uuid
-- $2 after uuid
-- $3 limit bigint
SELECT id, sealed, sealed_for
  FROM service.requests
 WHERE organization_id = $1
   AND sealed IS NOT NULL
   AND id > $2
 ORDER BY id
 LIMIT $3
