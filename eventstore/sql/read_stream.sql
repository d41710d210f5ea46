-- read_stream: the events of a stream after a version, in order. No rows means that the stream ends there.
-- $1 organization_id uuid
-- $2 stream_id uuid
-- $3 after_version bigint: 0 for all
-- $4 limit bigint
SELECT organization_id, position, stream_id, version, event_id, type, schema_version, recorded_at,
       actor_id, token_id, request_id, source, data, sealed, subject_id
  FROM eventstore.events
 WHERE organization_id = $1
   AND stream_id = $2
   AND version > $3
 ORDER BY version
 LIMIT $4
