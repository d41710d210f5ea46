-- end_session: end a session of an organization; return whether there was one.
-- $1 session_id uuid
-- $2 organization_id uuid
DELETE FROM service.console_sessions
 WHERE id = $1
   AND organization_id IS NOT DISTINCT FROM $2
RETURNING true
