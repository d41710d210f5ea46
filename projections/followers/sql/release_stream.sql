-- release_stream: forget that a stream waited.
-- $1 projection text
-- $2 organization_id uuid
-- $3 stream_id uuid
DELETE FROM followers.parked_streams
 WHERE projection = $1
   AND organization_id = $2
   AND stream_id = $3
