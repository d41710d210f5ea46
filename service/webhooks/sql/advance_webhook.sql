-- advance_webhook: note that a webhook has got further. No row means that somebody else has changed it meanwhile.
-- $1 organization_id uuid
-- $2 id uuid
-- $3 generation integer
-- $4 from bigint
-- $5 position bigint
-- $6 is_delivered boolean: something was delivered, not only passed over
UPDATE service.webhooks
   SET position = $5,
       attempts = CASE WHEN $6 THEN 0 ELSE attempts END,
       last_error = CASE WHEN $6 THEN NULL ELSE last_error END,
       delivered_at = CASE WHEN $6 THEN now() ELSE delivered_at END
 WHERE organization_id = $1
   AND id = $2
   AND generation = $3
   AND position = $4
   AND state = 'enabled'
RETURNING position
