-- search_activity: events by position. `where` holds further conditions, `order` is asc or desc.
-- $1 organization_id uuid
-- $2 position bigint: events up to it
-- $3 limit bigint
SELECT position, at, type, stream_id, actor_id, token_id, request_id, source, facts
  FROM history.activity
 WHERE organization_id = $1
   AND position <= $2{where}
 ORDER BY position {order}
 LIMIT $3
