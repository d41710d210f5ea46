-- find_position_before: the last position that was recorded before an instant; 0 if there is none. Instants grow with
-- positions, so the range in which it lies is halved until one position is left.
-- $1 organization_id uuid
-- $2 instant timestamptz
WITH RECURSIVE halves (low, high) AS (
    SELECT 0::bigint, coalesce(max(position), 0)
      FROM eventstore.events
     WHERE organization_id = $1
     UNION ALL
    SELECT CASE WHEN events.recorded_at < $2 THEN events.position ELSE low END,
           CASE WHEN events.recorded_at < $2 THEN high ELSE events.position - 1 END
      FROM halves
      JOIN eventstore.events
        ON events.organization_id = $1
       AND events.position = (low + high + 1) / 2
     WHERE low < high
)
SELECT low AS position
  FROM halves
 WHERE low = high
