-- list_webhooks: the webhooks of an organization, oldest first.
-- $1 organization_id uuid
SELECT organization_id, id, label, kind, sealed, types, format, with_values, state, reason, position, generation,
       attempts, next_at > now() AS is_waiting, last_error, delivered_at, created_at
  FROM service.webhooks
 WHERE organization_id = $1
 ORDER BY id
