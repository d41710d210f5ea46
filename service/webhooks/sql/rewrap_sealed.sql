-- rewrap_sealed: replace the wrapped form of a webhook's address and secrets, which stay the same.
-- $1 organization_id uuid
-- $2 id uuid
-- $3 sealed bytea
UPDATE service.webhooks
   SET sealed = $3
 WHERE organization_id = $1
   AND id = $2
