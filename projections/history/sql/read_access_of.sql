-- read_access_of: when an account was active, oldest first.
-- $1 organization_id uuid
-- $2 user_id uuid
SELECT from_position, from_at, to_position, to_at
  FROM history.access_periods
 WHERE organization_id = $1
   AND user_id = $2
 ORDER BY from_position
