-- 0026: an organization moves to another database. While it does, and for ever after, its log takes no events here.

CREATE TABLE eventstore.held_logs (
    organization_id uuid        NOT NULL,
    state           text        NOT NULL,  -- moving: it may still be released. moved: its log goes on elsewhere.
    held_at         timestamptz NOT NULL DEFAULT clock_timestamp(),
    position        bigint      NOT NULL,  -- The last event here.
    destination     text        NOT NULL,  -- As the operator calls it.
    CONSTRAINT held_logs_pkey PRIMARY KEY (organization_id),
    CONSTRAINT held_logs_state CHECK (state IN ('moving', 'moved'))
);

CREATE FUNCTION eventstore.refuse_held() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    -- Nearly always the table is empty, and this is all that an append pays.
    PERFORM FROM eventstore.held_logs LIMIT 1;
    IF FOUND THEN
        PERFORM
           FROM eventstore.held_logs
           JOIN appended
             ON appended.organization_id = held_logs.organization_id;
        IF FOUND THEN
            RAISE EXCEPTION 'This log moves to another database, or has moved.'
                  USING ERRCODE = 'restrict_violation', CONSTRAINT = 'logs_are_in_one_place',
                        SCHEMA = 'eventstore', TABLE = 'events';
        END IF;
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER logs_are_in_one_place
    AFTER INSERT ON eventstore.events
    REFERENCING NEW TABLE AS appended
    FOR EACH STATEMENT EXECUTE FUNCTION eventstore.refuse_held();
-- ALWAYS: an ordinary trigger sleeps where session_replication_role is replica.
ALTER TABLE eventstore.events ENABLE ALWAYS TRIGGER logs_are_in_one_place;

GRANT SELECT ON eventstore.held_logs TO scim_ledger_service;
