-- read_actors: who appended events of a stream. Instants are unique within a log.
-- $1 organization_id uuid
-- $2 stream_id uuid
-- $3 recorded_at timestamptz[]
SELECT recorded_at, actor_id
  FROM eventstore.events
 WHERE organization_id = $1
   AND stream_id = $2
   AND recorded_at = ANY($3::timestamptz[])
