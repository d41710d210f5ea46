-- read_staged_events: a page of staged events with their marks, in the order in which they came.
-- $1 after bigint
-- $2 page_rows integer
SELECT organization_id, position, stream_id, version, event_id, type, schema_version, recorded_at, actor_id, token_id,
       request_id, source, data, sealed, subject_id, mark
  FROM staged_events
 WHERE position > $1
 ORDER BY position
 LIMIT $2
