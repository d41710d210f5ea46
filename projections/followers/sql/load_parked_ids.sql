-- load_parked_ids: the streams of a log that wait in a projection, and the position from which on.
-- $1 projection text
-- $2 organization_id uuid
SELECT stream_id, position
  FROM followers.parked_streams
 WHERE projection = $1
   AND organization_id = $2
