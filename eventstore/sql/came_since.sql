-- came_since: whether events of these types came after a version of a stream. Also true if more events came than
-- are looked at.
-- $1 organization_id uuid
-- $2 stream_id uuid
-- $3 version bigint
-- $4 types text[]: any event of these types counts
-- $5 naming_types text[]: an event of these types counts if its data holds the stream's id
-- $6 events_max bigint: how many events after the version are looked at
-- One row: came. No row means that the stream has no such version.
SELECT tail.position > own.position + $6
       OR EXISTS (SELECT
                    FROM eventstore.events AS later
                   WHERE later.organization_id = $1
                     AND later.position > own.position
                     AND later.position <= own.position + $6
                     AND (later.type = ANY($4::text[])
                          OR (later.type = ANY($5::text[])
                              AND strpos(later.data::text, own.stream_id::text) > 0))) AS came
  FROM eventstore.events AS own
 CROSS JOIN LATERAL (SELECT events.position
                       FROM eventstore.events
                      WHERE events.organization_id = $1
                      ORDER BY events.position DESC
                      LIMIT 1) AS tail
 WHERE own.organization_id = $1
   AND own.stream_id = $2
   AND own.version = $3
