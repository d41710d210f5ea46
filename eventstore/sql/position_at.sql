-- position_at: the position of the last event up to an instant; 0 if there was none. Instants increase with positions,
-- so the log is halved until one position is left.
-- $1 organization_id uuid
-- $2 instant timestamptz
WITH RECURSIVE halves (low, high) AS (
    SELECT 0::bigint, coalesce(max(position), 0)
      FROM eventstore.events
     WHERE organization_id = $1
 UNION ALL
    SELECT CASE WHEN middle.is_past THEN middle.position ELSE low END,
           CASE WHEN middle.is_past THEN high ELSE middle.position - 1 END
      FROM halves
     CROSS JOIN LATERAL (SELECT position, recorded_at <= $2 AS is_past
                           FROM eventstore.events
                          WHERE organization_id = $1
                            AND position = (low + high + 1) / 2) AS middle
     WHERE low < high
)
SELECT low
  FROM halves
 WHERE low = high
