-- touched_streams: the streams with events after a position, up to another.
-- $1 organization_id uuid
-- $2 after bigint
-- $3 position bigint
SELECT DISTINCT stream_id
  FROM eventstore.events
 WHERE organization_id = $1
   AND position > $2
   AND position <= $3
