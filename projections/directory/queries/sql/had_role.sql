-- had_role: a condition: a user had a role at the position $3. `value` is the id of the role.
-- The version says so too. The period is found by an index, also if few had the role.
role_id = {value}
   AND EXISTS (
           SELECT FROM history.role_periods AS periods
            WHERE periods.organization_id = $1
              AND periods.role_id = {value}
              AND periods.user_id = users.id
              AND periods.from_position <= $3
              AND (periods.to_position IS NULL OR periods.to_position > $3))
