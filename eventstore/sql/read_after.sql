-- read_after: the events after a position, in the order of the log, with the columns of read_streams.
-- $1 organization_id uuid
-- $2 after bigint
-- $3 limit bigint
SELECT stream_id, version, position, type, schema_version, recorded_at, source, data, event_id, sealed,
       subject_id
  FROM eventstore.events
 WHERE organization_id = $1
   AND position > $2
 ORDER BY position
 LIMIT $3
