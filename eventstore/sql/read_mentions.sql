-- read_mentions: the sealed events whose facts contain a text, each with its subject's key, in order.
-- $1 organization_id uuid
-- $2 text text
-- $3 after bigint
-- $4 at_most integer
SELECT events.position, events.stream_id, events.event_id, events.sealed, events.subject_id, subject_keys.wrapped_key
  FROM eventstore.events
  JOIN eventstore.subject_keys
    ON subject_keys.organization_id = events.organization_id
   AND subject_keys.subject_id = events.subject_id
 WHERE events.organization_id = $1
   AND events.position > $3
   AND events.sealed IS NOT NULL
   AND strpos(events.data::text, $2) > 0
 ORDER BY events.position
 LIMIT $4
