-- read_tails: the last position of every log. Each log costs one step in the index, however long it is.
WITH RECURSIVE logs (organization_id) AS (
    (SELECT events.organization_id
       FROM eventstore.events
      ORDER BY events.organization_id
      LIMIT 1)
     UNION ALL
    SELECT (SELECT events.organization_id
              FROM eventstore.events
             WHERE events.organization_id > logs.organization_id
             ORDER BY events.organization_id
             LIMIT 1)
      FROM logs
     WHERE logs.organization_id IS NOT NULL
)
SELECT logs.organization_id, tail.position
  FROM logs
 CROSS JOIN LATERAL (SELECT events.position
                       FROM eventstore.events
                      WHERE events.organization_id = logs.organization_id
                      ORDER BY events.position DESC
                      LIMIT 1) AS tail
