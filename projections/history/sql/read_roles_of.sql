-- read_roles_of: every role that a user has had, oldest first.
-- $1 organization_id uuid
-- $2 user_id uuid
SELECT role_id, assigned_by, source, request_id, from_position, from_at, to_position, to_at
  FROM history.role_periods
 WHERE organization_id = $1
   AND user_id = $2
 ORDER BY from_position
