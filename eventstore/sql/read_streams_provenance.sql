-- read_streams_provenance: the events of some streams up to a position, with their provenance and without
-- sealed values. Those of a stream come together, in order.
-- $1 organization_id uuid
-- $2 stream_ids uuid[]
-- $3 position bigint
SELECT stream_id, version, position, type, schema_version, recorded_at, source, data,
       organization_id, event_id, actor_id, token_id, request_id, NULL::uuid AS subject_id
  FROM eventstore.events
 WHERE organization_id = $1
   AND stream_id = ANY($2::uuid[])
   AND position <= $3
 ORDER BY stream_id, version
