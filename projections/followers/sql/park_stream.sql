-- park_stream: note that a stream is parked, from an event on. If it is already parked, note another attempt.
-- $1 projection text
-- $2 organization_id uuid
-- $3 stream_id uuid
-- $4 position bigint
-- $5 version bigint
-- $6 event_id uuid
-- $7 event_type text
-- $8 error text
INSERT INTO followers.parked_streams
       (projection, organization_id, stream_id, position, version, event_id, event_type, error)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
    ON CONFLICT ON CONSTRAINT parked_streams_pkey
    DO UPDATE
   SET position = excluded.position,
       version = excluded.version,
       event_id = excluded.event_id,
       event_type = excluded.event_type,
       error = excluded.error,
       attempts = parked_streams.attempts + 1,
       tried_at = excluded.tried_at
