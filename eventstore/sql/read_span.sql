-- read_span: the events of a range of streams up to a position. Those of a stream come together, in order.
-- $1 organization_id uuid
-- $2 first_stream_id uuid
-- $3 last_stream_id uuid
-- $4 position bigint
SELECT stream_id, version, position, type, schema_version, recorded_at, source, data, event_id, sealed,
       subject_id
  FROM eventstore.events
 WHERE organization_id = $1
   AND stream_id BETWEEN $2 AND $3
   AND position <= $4
 ORDER BY stream_id, version
