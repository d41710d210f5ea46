-- read_log: the events of a log after a position, in order. No rows means that the log ends there.
-- $1 organization_id uuid
-- $2 after bigint: a position, 0 for all
-- $3 limit bigint
-- $4 data_max bigint: no more events are returned after this many characters of data; the first always is
SELECT organization_id, position, stream_id, version, event_id, type, schema_version, recorded_at,
       actor_id, token_id, request_id, source, data, sealed, subject_id
  FROM (SELECT organization_id, position, stream_id, version, event_id, type, schema_version, recorded_at,
               actor_id, token_id, request_id, source, data, sealed, subject_id,
               sum(length(data::text)) OVER (ORDER BY position) - length(data::text) AS data_before
          FROM eventstore.events
         WHERE organization_id = $1
           AND position > $2
         ORDER BY position
         LIMIT $3) AS page
 WHERE data_before <= $4
 ORDER BY position
