-- load_parked_ids: the parked streams of a log in a projection, each with the position of its first waiting event.
-- $1 projection text
-- $2 organization_id uuid
SELECT stream_id, position
  FROM followers.parked_streams
 WHERE projection = $1
   AND organization_id = $2
