-- next_touched_streams: the first streams after one of them that have events after one position and up to another, by id.
-- $1 organization_id uuid
-- $2 after bigint
-- $3 position bigint
-- $4 beyond uuid: the stream that the page begins after; NULL for the first page
-- $5 limit bigint
SELECT DISTINCT stream_id
  FROM eventstore.events
 WHERE organization_id = $1
   AND position > $2
   AND position <= $3
   AND ($4::uuid IS NULL OR stream_id > $4)
 ORDER BY stream_id
 LIMIT $5
