-- delete_webhook: forget a webhook and its dead letters.
-- $1 organization_id uuid
-- $2 id uuid
WITH forgotten AS (
    DELETE FROM service.dead_letters
     WHERE organization_id = $1
       AND webhook_id = $2
)
DELETE FROM service.webhooks
 WHERE organization_id = $1
   AND id = $2
RETURNING id
