-- was_in_group: a condition: a user was a member of a group at the position $3. `value` is the id of the group.
EXISTS (
           SELECT FROM history.membership_periods AS periods
            WHERE periods.organization_id = $1
              AND periods.group_id = {value}
              AND periods.member_id = users.id
              AND periods.from_position <= $3
              AND (periods.to_position IS NULL OR periods.to_position > $3))
