-- read_values: those events of some streams that have one of some types, with their sealed parts. Those of a stream come
-- together, in order.
-- $1 organization_id uuid
-- $2 stream_ids uuid[]
-- $3 types text[]
-- $4 position bigint: up to it
SELECT stream_id, version, position, type, schema_version, recorded_at, source, data, event_id, sealed, subject_id
  FROM eventstore.events
 WHERE organization_id = $1
   AND stream_id = ANY($2::uuid[])
   AND type = ANY($3::text[])
   AND position <= $4
 ORDER BY stream_id, version
