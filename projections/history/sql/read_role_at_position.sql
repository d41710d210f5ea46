-- read_role_at_position: the period of the role that a user had after the event at a position; no row if it had none.
-- $1 organization_id uuid
-- $2 user_id uuid
-- $3 position bigint
SELECT role_id, assigned_by, source, request_id, from_position, from_at, to_position, to_at
  FROM history.role_periods
 WHERE organization_id = $1
   AND user_id = $2
   AND from_position <= $3
   AND (to_position IS NULL OR to_position > $3)
