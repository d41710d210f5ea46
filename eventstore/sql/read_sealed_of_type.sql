-- read_sealed_of_type: the events of a stream that have a type and a sealed part, in order.
-- $1 organization_id uuid
-- $2 stream_id uuid
-- $3 type text
-- $4 after bigint: a version
-- $5 limit bigint
SELECT organization_id, position, stream_id, version, event_id, type, schema_version, recorded_at,
       actor_id, token_id, request_id, source, data, sealed, subject_id
  FROM eventstore.events
 WHERE organization_id = $1
   AND stream_id = $2
   AND version > $4
   AND type = $3
   AND sealed IS NOT NULL
 ORDER BY version
 LIMIT $5
