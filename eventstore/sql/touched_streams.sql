-- touched_streams: the streams that have events after one position and up to another.
-- $1 organization_id uuid
-- $2 after bigint
-- $3 position bigint
SELECT DISTINCT stream_id
  FROM eventstore.events
 WHERE organization_id = $1
   AND position > $2
   AND position <= $3
