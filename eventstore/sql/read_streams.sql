-- read_streams: the events of some streams up to a position. Those of a stream come together, in order.
-- $1 organization_id uuid
-- $2 stream_ids uuid[]
-- $3 position bigint
SELECT stream_id, version, position, type, schema_version, recorded_at, source, data, event_id, sealed,
       subject_id
  FROM eventstore.events
 WHERE organization_id = $1
   AND stream_id = ANY($2::uuid[])
   AND position <= $3
 ORDER BY stream_id, version
