-- read_plain_rows: the events of a log between two positions with their marks, as they are stored; as read_rows, but
-- without a bound on the length of data, which would take longer than all the rest.
-- $1 organization_id uuid
-- $2 after bigint
-- $3 last bigint
SELECT organization_id, position, stream_id, version, event_id, type, schema_version,
       CASE WHEN recorded_at >= '0001-01-01 00:00:00+00' AND recorded_at < '10000-01-01 00:00:00+00'
            THEN recorded_at END AS recorded_at,
       actor_id, token_id, request_id, source, data::text AS data, sealed, subject_id, mark
  FROM eventstore.events
 WHERE organization_id = $1
   AND position > $2
   AND position <= $3
 ORDER BY position
