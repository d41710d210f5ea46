-- sample_streams: the streams of the events at some positions, ordered by id.
-- $1 organization_id uuid
-- $2 positions bigint[]
SELECT stream_id
  FROM eventstore.events
 WHERE organization_id = $1
   AND position = ANY($2::bigint[])
 ORDER BY stream_id
