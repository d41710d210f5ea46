-- load_logs: all logs, each with its tree and its last position (0: it has no event). A log without a tree has NULLs.
WITH RECURSIVE found (organization_id) AS (
    (SELECT events.organization_id
       FROM eventstore.events
      ORDER BY events.organization_id
      LIMIT 1)
     UNION ALL
    SELECT (SELECT events.organization_id
              FROM eventstore.events
             WHERE events.organization_id > found.organization_id
             ORDER BY events.organization_id
             LIMIT 1)
      FROM found
     WHERE found.organization_id IS NOT NULL
)
SELECT coalesce(logs.organization_id, found.organization_id) AS organization_id, incarnation, size, root, note,
       signed_at, kept_size, kept_at, marks_from, is_found, restored_at,
       coalesce((SELECT events.position
                   FROM eventstore.events
                  WHERE events.organization_id = found.organization_id
                  ORDER BY events.position DESC
                  LIMIT 1), 0) AS tail
  FROM (SELECT organization_id FROM found WHERE organization_id IS NOT NULL) AS found
  FULL JOIN proof.logs
    ON logs.organization_id = found.organization_id
