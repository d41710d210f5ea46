-- save_sealed: replace the address and the secrets of a webhook. No row means that somebody else has changed it meanwhile.
-- $1 organization_id uuid
-- $2 id uuid
-- $3 generation integer
-- $4 sealed bytea
UPDATE service.webhooks
   SET sealed = $4,
       generation = generation + 1
 WHERE organization_id = $1
   AND id = $2
   AND generation = $3
RETURNING id
