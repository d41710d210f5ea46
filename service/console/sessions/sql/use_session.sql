-- use_session: note that a session is used now.
-- $1 session_id uuid
UPDATE service.console_sessions
   SET used_at = now()
 WHERE id = $1
