-- find_webhook: one webhook.
-- $1 organization_id uuid
-- $2 id uuid
SELECT organization_id, id, label, kind, sealed, types, format, with_values, state, reason, position, generation,
       attempts, next_at > now() AS is_waiting, last_error, delivered_at, created_at
  FROM service.webhooks
 WHERE organization_id = $1
   AND id = $2
