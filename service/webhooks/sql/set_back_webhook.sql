-- set_back_webhook: let a webhook have all events after a position again. Dead letters after it are forgotten.
-- $1 organization_id uuid
-- $2 id uuid
-- $3 position bigint
WITH forgotten AS (
    DELETE FROM service.dead_letters
     WHERE organization_id = $1
       AND webhook_id = $2
       AND position > $3
)
UPDATE service.webhooks
   SET position = $3,
       generation = generation + 1,
       attempts = 0,
       last_error = NULL,
       next_at = now()
 WHERE organization_id = $1
   AND id = $2
RETURNING position
