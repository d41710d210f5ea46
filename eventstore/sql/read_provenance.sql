-- read_provenance: who caused some events, each named by its stream and its version. Unknown ones have no row.
-- $1 organization_id uuid
-- $2 stream_ids uuid[]
-- $3 versions bigint[]: one element per stream
SELECT events.stream_id, events.position, events.recorded_at, events.actor_id, events.token_id, events.request_id,
       events.source
  FROM unnest($2::uuid[], $3::bigint[]) AS wanted (stream_id, version)
  JOIN eventstore.events
    ON events.organization_id = $1
   AND events.stream_id = wanted.stream_id
   AND events.version = wanted.version
