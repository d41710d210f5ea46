-- read_at: the events at some positions, in order. Unknown positions have no row.
-- $1 organization_id uuid
-- $2 positions bigint[]
SELECT organization_id, position, stream_id, version, event_id, type, schema_version, recorded_at,
       actor_id, token_id, request_id, source, data, sealed, subject_id
  FROM eventstore.events
 WHERE organization_id = $1
   AND position = ANY($2::bigint[])
 ORDER BY position
