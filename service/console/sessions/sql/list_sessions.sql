-- list_sessions: the sessions of an organization that have not ended, the latest first.
-- $1 organization_id uuid
-- $2 idle interval
-- $3 lifetime interval
SELECT id, organization_id, person_id, roles, actor, way, created_at, used_at, fresh_at, user_agent, address
  FROM service.console_sessions
 WHERE organization_id = $1
   AND used_at >= now() - $2::interval
   AND created_at >= now() - $3::interval
 ORDER BY id DESC
 LIMIT 500
