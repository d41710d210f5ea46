-- read_tails_of: the last positions of some logs. Each costs one step in the index.
-- $1 organization_ids uuid[]
SELECT wanted.organization_id, tail.position
  FROM unnest($1::uuid[]) AS wanted (organization_id)
 CROSS JOIN LATERAL (SELECT events.position
                       FROM eventstore.events
                      WHERE events.organization_id = wanted.organization_id
                      ORDER BY events.position DESC
                      LIMIT 1) AS tail
