-- find_session: the session of a cookie, unless it has ended.
-- $1 digest bytea
-- $2 idle interval
-- $3 lifetime interval
SELECT id, organization_id, person_id, roles, actor, way, created_at, used_at, fresh_at, user_agent, address
  FROM service.console_sessions
 WHERE digest = $1
   AND used_at >= now() - $2::interval
   AND created_at >= now() - $3::interval
