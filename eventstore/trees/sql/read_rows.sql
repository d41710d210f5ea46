-- read_rows: the events of a log after a position with their marks, as they are stored. An instant that no event can have
-- is NULL. `data` comes as text, which is what the leaf holds.
-- $1 organization_id uuid
-- $2 after bigint
-- $3 limit bigint
-- $4 data_max bigint: no more events are returned after this many characters of data; the first always is
SELECT organization_id, position, stream_id, version, event_id, type, schema_version, recorded_at,
       actor_id, token_id, request_id, source, data, sealed, subject_id, mark
  FROM (SELECT organization_id, position, stream_id, version, event_id, type, schema_version,
               CASE WHEN recorded_at >= '0001-01-01 00:00:00+00' AND recorded_at < '10000-01-01 00:00:00+00'
                    THEN recorded_at END AS recorded_at,
               actor_id, token_id, request_id, source, data::text AS data, sealed, subject_id, mark,
               sum(length(data::text)) OVER (ORDER BY position) - length(data::text) AS data_before
          FROM eventstore.events
         WHERE organization_id = $1
           AND position > $2
         ORDER BY position
         LIMIT $3) AS page
 WHERE data_before <= $4
 ORDER BY position
