(stream_id = {value} OR position IN (
       SELECT unnest(ARRAY[from_position, to_position])
         FROM history.membership_periods
        WHERE organization_id = $1
          AND member_id = {value}))
