-- 0005: the check for gaps looks at what a statement appends as a whole, and looks up only what comes before it.
-- On a database that Postgres has no statistics of yet, the former one read the whole log for each event: all
-- indexes begin with organization_id, and without statistics one of them is as good to the planner as another.

CREATE OR REPLACE FUNCTION eventstore.refuse_gaps() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    gap record;
BEGIN
    -- Within the statement each event must follow the one before it, in its log and in its stream. For the first of
    -- a log and of a stream that one is in the table: where the order asked for is an index's own, no statistics are needed.
    SELECT checked.organization_id, checked.position, checked.stream_id, checked.version,
           CASE WHEN checked.follows_the_tail THEN 'events_versions_are_gapless'
                ELSE 'events_follow_the_tail' END AS rule
      INTO gap
      FROM (SELECT placed.organization_id, placed.position, placed.stream_id, placed.version,
                   CASE WHEN placed.former_position IS NOT NULL
                        THEN placed.former_position = placed.position - 1
                             AND placed.former_recorded_at < placed.recorded_at
                        ELSE placed.position = 1
                             OR (SELECT events.position = placed.position - 1
                                        AND events.recorded_at < placed.recorded_at
                                   FROM eventstore.events
                                  WHERE events.organization_id = placed.organization_id
                                    AND events.position < placed.position
                                  ORDER BY events.position DESC
                                  LIMIT 1)
                   END AS follows_the_tail,
                   CASE WHEN placed.former_version IS NOT NULL
                        THEN placed.former_version = placed.version - 1
                             AND placed.former_position_in_stream < placed.position
                        ELSE placed.version = 1
                             OR (SELECT events.version = placed.version - 1
                                        AND events.position < placed.position
                                   FROM eventstore.events
                                  WHERE events.organization_id = placed.organization_id
                                    AND events.stream_id = placed.stream_id
                                    AND events.version < placed.version
                                  ORDER BY events.version DESC
                                  LIMIT 1)
                   END AS follows_its_stream
              FROM (SELECT appended.organization_id, appended.position, appended.stream_id,
                           appended.version, appended.recorded_at,
                           lag(appended.position) OVER log AS former_position,
                           lag(appended.recorded_at) OVER log AS former_recorded_at,
                           lag(appended.version) OVER stream AS former_version,
                           lag(appended.position) OVER stream AS former_position_in_stream
                      FROM appended
                    WINDOW log AS (PARTITION BY appended.organization_id ORDER BY appended.position),
                           stream AS (PARTITION BY appended.organization_id, appended.stream_id
                                      ORDER BY appended.version)) AS placed) AS checked
     WHERE (checked.follows_the_tail AND checked.follows_its_stream) IS NOT TRUE
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'No event precedes position % of log %, version % of stream %.',
                        gap.position, gap.organization_id, gap.version, gap.stream_id
              USING ERRCODE = 'check_violation', CONSTRAINT = gap.rule,
                    SCHEMA = 'eventstore', TABLE = 'events';
    END IF;
    RETURN NULL;
END
$$;
