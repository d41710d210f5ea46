-- of_member: a condition: the event is of somebody, or it is one by which somebody joined or left a group. `value` is its id.
(stream_id = {value} OR position IN (
       SELECT unnest(ARRAY[from_position, to_position])
         FROM history.membership_periods
        WHERE organization_id = $1
          AND member_id = {value}))
