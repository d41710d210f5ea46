-- bury_event: make an event a dead letter of a webhook, which goes on behind it.
-- $1 organization_id uuid
-- $2 id uuid
-- $3 generation integer
-- $4 from bigint
-- $5 position bigint
-- $6 type text
-- $7 error text
WITH advanced AS (
    UPDATE service.webhooks
       SET position = $5,
           attempts = 0,
           last_error = $7,
           next_at = now()
     WHERE organization_id = $1
       AND id = $2
       AND generation = $3
       AND position = $4
       AND state = 'enabled'
    RETURNING organization_id, id, (SELECT former.attempts + 1
                                      FROM service.webhooks AS former
                                     WHERE former.organization_id = $1
                                       AND former.id = $2) AS attempts
)
INSERT INTO service.dead_letters (organization_id, webhook_id, position, type, error, attempts, died_at)
SELECT organization_id, id, $5, $6, $7, attempts, now()
  FROM advanced
    ON CONFLICT (organization_id, webhook_id, position)
    DO UPDATE
   SET error = excluded.error,
       attempts = excluded.attempts,
       died_at = excluded.died_at
RETURNING position
