-- read_tail: the last position of a log (0: the log is empty), its instant (NULL: the log is empty), and the time.
-- $1 organization_id uuid
SELECT coalesce(tail.position, 0) AS "position", tail.recorded_at, clock_timestamp() AS now
  FROM (SELECT) AS always
  LEFT JOIN LATERAL (SELECT events.position, events.recorded_at
                       FROM eventstore.events
                      WHERE events.organization_id = $1
                      ORDER BY events.position DESC
                      LIMIT 1) AS tail
    ON true
