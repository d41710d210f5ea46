-- switch_webhook: enable or disable a webhook; return whether it was otherwise before. No row: there is none.
-- $1 organization_id uuid
-- $2 id uuid
-- $3 webhook_state text
-- $4 reason text: NULL if it is enabled
UPDATE service.webhooks AS changed
   SET state = $3,
       reason = $4,
       generation = changed.generation + 1,
       attempts = 0,
       next_at = now()
  FROM service.webhooks AS former
 WHERE changed.organization_id = $1
   AND changed.id = $2
   AND former.organization_id = $1
   AND former.id = $2
RETURNING former.state <> $3 AS is_changed
