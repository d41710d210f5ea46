-- read_role_periods: from and to which position each of some users had a role, oldest first.
-- $1 organization_id uuid
-- $2 role_id uuid
-- $3 user_ids uuid[]
SELECT user_id, from_position, to_position
  FROM history.role_periods
 WHERE organization_id = $1
   AND role_id = $2
   AND user_id = ANY($3::uuid[])
 ORDER BY from_position
