-- find_endings: all logs that have moved, and those of some organizations whose last event says that they were erased.
-- $1 organization_ids uuid[]
-- $2 erased text: the type of this event
SELECT held_logs.organization_id, held_logs.position AS size, held_logs.held_at AS at,
       'moved to ' || held_logs.destination AS reason
  FROM eventstore.held_logs
 WHERE state = 'moved'
 UNION ALL
SELECT asked.organization_id, last.position, last.recorded_at, 'the organization was erased'
  FROM unnest($1::uuid[]) AS asked (organization_id)
 CROSS JOIN LATERAL (SELECT events.position, events.recorded_at, events.type
                       FROM eventstore.events
                      WHERE events.organization_id = asked.organization_id
                      ORDER BY events.position DESC
                      LIMIT 1) AS last
 WHERE last.type = $2
