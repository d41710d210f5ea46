-- list_dead_letters: the dead letters of a webhook, in the order of the log.
-- $1 organization_id uuid
-- $2 webhook_id uuid
-- $3 after bigint
-- $4 limit bigint
SELECT position, type, error, attempts, died_at
  FROM service.dead_letters
 WHERE organization_id = $1
   AND webhook_id = $2
   AND position > $3
 ORDER BY position
 LIMIT $4
