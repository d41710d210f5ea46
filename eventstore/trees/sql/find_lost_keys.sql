-- find_lost_keys: the persons whose key is gone without an event that says so, each with the first sealed event.
-- $1 organization_id uuid
-- $2 erased_types text[]: the types of the events that say so
SELECT sealed.subject_id, sealed.position
  FROM (SELECT DISTINCT ON (events.subject_id) events.subject_id, events.position
          FROM eventstore.events
         WHERE events.organization_id = $1
           AND events.sealed IS NOT NULL
         ORDER BY events.subject_id, events.position) AS sealed
 WHERE NOT EXISTS (SELECT
                     FROM eventstore.subject_keys
                    WHERE subject_keys.organization_id = $1
                      AND subject_keys.subject_id = sealed.subject_id)
   AND NOT EXISTS (SELECT
                     FROM eventstore.events AS erased
                    WHERE erased.organization_id = $1
                      AND erased.stream_id = sealed.subject_id
                      AND erased.type = ANY($2))
 ORDER BY sealed.position
 LIMIT 100
