-- of_member: a condition: the event is of somebody, or it is one by which somebody joined or left a group. `value` is its id.
-- The positions are an array, so that they are looked up in the primary key, and not compared with each event of the log.
position = ANY(ARRAY(
       SELECT own.position
         FROM history.activity AS own
        WHERE own.organization_id = $1
          AND own.stream_id = {value}
        UNION ALL
       SELECT unnest(ARRAY[from_position, to_position])
         FROM history.membership_periods
        WHERE organization_id = $1
          AND member_id = {value}))
