-- find_recorded_at: the instant of an event.
-- $1 organization_id uuid
-- $2 position bigint
SELECT recorded_at
  FROM eventstore.events
 WHERE organization_id = $1
   AND position = $2
