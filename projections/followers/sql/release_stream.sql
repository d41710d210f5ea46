-- release_stream: remove a stream from the parked ones.
-- $1 projection text
-- $2 organization_id uuid
-- $3 stream_id uuid
DELETE FROM followers.parked_streams
 WHERE projection = $1
   AND organization_id = $2
   AND stream_id = $3
