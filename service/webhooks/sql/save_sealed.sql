-- save_sealed: replace the address and the secrets of a webhook.
-- $1 organization_id uuid
-- $2 id uuid
-- $3 sealed bytea
UPDATE service.webhooks
   SET sealed = $3,
       generation = generation + 1
 WHERE organization_id = $1
   AND id = $2
RETURNING id
