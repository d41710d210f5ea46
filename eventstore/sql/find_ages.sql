-- find_ages: how many seconds ago the first event after a position was recorded, by the clock of Postgres, in each of some logs.
-- One element of each array per log; a log without such an event has no row.
-- $1 organization_ids uuid[]
-- $2 positions bigint[]
SELECT behind.organization_id,
       greatest(0, extract(epoch FROM clock_timestamp() - first.recorded_at))::float8 AS seconds
  FROM unnest($1::uuid[], $2::bigint[]) AS behind (organization_id, position)
 CROSS JOIN LATERAL (SELECT events.recorded_at
                       FROM eventstore.events
                      WHERE events.organization_id = behind.organization_id
                        AND events.position > behind.position
                      ORDER BY events.position
                      LIMIT 1) AS first
