-- read_holders_ever: who has a role or ever had it.
-- $1 organization_id uuid
-- $2 role_id uuid
SELECT DISTINCT user_id
  FROM history.role_periods
 WHERE organization_id = $1
   AND role_id = $2
