-- switch_webhook: enable or disable a webhook.
-- $1 organization_id uuid
-- $2 id uuid
-- $3 webhook_state text
-- $4 reason text: NULL if it is enabled
UPDATE service.webhooks
   SET state = $3,
       reason = $4,
       generation = generation + 1,
       attempts = 0,
       next_at = now()
 WHERE organization_id = $1
   AND id = $2
