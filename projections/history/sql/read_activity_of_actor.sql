-- read_activity_of_actor: the events of an actor between two instants, both excluded, in order.
-- $1 organization_id uuid
-- $2 actor_id text
-- $3 after timestamptz
-- $4 before timestamptz
-- $5 limit bigint
SELECT position, at, type, stream_id, actor_id, token_id, request_id, source, facts
  FROM history.activity
 WHERE organization_id = $1
   AND actor_id = $2
   AND at > $3
   AND at < $4
 ORDER BY at
 LIMIT $5
