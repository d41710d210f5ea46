-- 0001: the event log, one per organization, which Postgres itself keeps gapless and append-only.

-- The service works as this role, whoever it logs in as. Roles belong to the whole cluster, so that
-- another database's migration may have made it, or be making it now.
DO $$
DECLARE
    can_become constant text := CASE WHEN current_setting('server_version_num')::integer >= 160000
                                     THEN 'SET' ELSE 'MEMBER' END;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'scim_ledger_service') THEN
        BEGIN
            CREATE ROLE scim_ledger_service NOLOGIN;
        EXCEPTION
            WHEN duplicate_object OR unique_violation THEN NULL;  -- Somebody was faster.
            WHEN insufficient_privilege THEN
                RAISE EXCEPTION 'The role scim_ledger_service is missing and % may not create it.', current_user
                      USING ERRCODE = 'insufficient_privilege',
                            HINT = format('A database administrator runs once: CREATE ROLE scim_ledger_service '
                                          'NOLOGIN; GRANT scim_ledger_service TO %I;', current_user);
        END;
    END IF;
    IF NOT pg_has_role(current_user, 'scim_ledger_service', can_become) THEN
        BEGIN
            EXECUTE format('GRANT scim_ledger_service TO %I', current_user);
        EXCEPTION
            WHEN insufficient_privilege THEN
                RAISE EXCEPTION '% may not become scim_ledger_service.', current_user
                      USING ERRCODE = 'insufficient_privilege',
                            HINT = format('A database administrator runs once: GRANT scim_ledger_service TO %I;',
                                          current_user);
        END;
    END IF;
END
$$;

CREATE SCHEMA eventstore;

CREATE TABLE eventstore.events (
    organization_id uuid        NOT NULL,
    position        bigint      NOT NULL,  -- In the organization's log, from 1, without a gap.
    stream_id       uuid        NOT NULL,
    version         bigint      NOT NULL,  -- In the stream, from 1, without a gap.
    event_id        uuid        NOT NULL,
    type            text        NOT NULL,
    schema_version  smallint    NOT NULL,
    recorded_at     timestamptz NOT NULL,  -- Later than at the position before.
    actor_id        text        NOT NULL,
    token_id        uuid,                  -- NULL: it came through no token.
    request_id      uuid        NOT NULL,
    source          text        NOT NULL,
    data            json        NOT NULL,  -- json keeps the exact text, which is what gets hashed.
    sealed          bytea,                 -- NULL: it has no personal part.
    subject_id      uuid,                  -- Whose key seals it.
    CONSTRAINT events_pkey PRIMARY KEY (organization_id, position),
    CONSTRAINT events_one_per_version UNIQUE (organization_id, stream_id, version),
    CONSTRAINT events_position_from_1 CHECK (position >= 1),
    CONSTRAINT events_version_from_1 CHECK (version >= 1),
    CONSTRAINT events_source CHECK (source IN ('scim', 'console', 'cli')),
    CONSTRAINT events_sealed_for_a_subject CHECK ((sealed IS NULL) = (subject_id IS NULL))
);

-- Erasing a person deletes the row: what the key sealed can then never be read again.
CREATE TABLE eventstore.subject_keys (
    organization_id uuid        NOT NULL,
    subject_id      uuid        NOT NULL,
    wrapped_key     bytea       NOT NULL,  -- Wrapped by the master key, which Postgres never sees.
    created_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT subject_keys_pkey PRIMARY KEY (organization_id, subject_id)
);

CREATE FUNCTION eventstore.lock_log(organization_id uuid,
                                    OUT tail_position bigint,          -- 0: the log is empty.
                                    OUT tail_recorded_at timestamptz,  -- NULL: the log is empty.
                                    OUT locked_at timestamptz)
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    -- Only READ COMMITTED looks again after the wait; other levels would see the log as it was before.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'An append needs a transaction that is READ COMMITTED.'
              USING ERRCODE = 'invalid_transaction_state';
    END IF;
    -- Appends share this one: who swaps a projection takes it alone, and every append waits.
    PERFORM pg_advisory_xact_lock_shared(23578, 1);
    PERFORM pg_advisory_xact_lock(uuid_hash_extended(lock_log.organization_id, 0));
    -- A statement of its own, for a snapshot taken after the wait: the other's events are in it.
    SELECT events.position, events.recorded_at
      INTO tail_position, tail_recorded_at
      FROM eventstore.events
     WHERE events.organization_id = lock_log.organization_id
     ORDER BY events.position DESC
     LIMIT 1;
    tail_position := coalesce(tail_position, 0);
    locked_at := clock_timestamp();
END
$$;

-- Each event must have its predecessors, in the log and in its stream: so none of them is ever missing. One check
-- for all rows of a statement, by scalar subqueries and not by joins: the plan is kept from when the table was
-- empty, and must stay a lookup as it grows. For 32 events it takes a tenth
-- of the time of inserting them where they begin streams, and a fifth where they go on with streams.
CREATE FUNCTION eventstore.refuse_gaps() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    gap record;
BEGIN
    SELECT checked.organization_id, checked.position, checked.stream_id, checked.version,
           CASE WHEN checked.follows_the_tail THEN 'events_versions_are_gapless'
                ELSE 'events_follow_the_tail' END AS rule
      INTO gap
      FROM (SELECT appended.organization_id, appended.position, appended.stream_id, appended.version,
                   appended.position = 1
                   OR (SELECT events.recorded_at < appended.recorded_at
                         FROM eventstore.events
                        WHERE events.organization_id = appended.organization_id
                          AND events.position = appended.position - 1) AS follows_the_tail,
                   appended.version = 1
                   OR (SELECT events.position < appended.position
                         FROM eventstore.events
                        WHERE events.organization_id = appended.organization_id
                          AND events.stream_id = appended.stream_id
                          AND events.version = appended.version - 1) AS follows_its_stream
              FROM appended) AS checked
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

CREATE FUNCTION eventstore.refuse_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The event log is append-only: % is refused.', TG_OP
          USING ERRCODE = 'restrict_violation', CONSTRAINT = 'events_are_append_only',
                SCHEMA = 'eventstore', TABLE = 'events';
END
$$;

CREATE TRIGGER events_are_gapless
    AFTER INSERT ON eventstore.events
    REFERENCING NEW TABLE AS appended
    FOR EACH STATEMENT EXECUTE FUNCTION eventstore.refuse_gaps();
CREATE TRIGGER events_never_change
    BEFORE UPDATE OR DELETE ON eventstore.events
    FOR EACH ROW EXECUTE FUNCTION eventstore.refuse_change();
CREATE TRIGGER events_never_vanish
    BEFORE TRUNCATE ON eventstore.events
    FOR EACH STATEMENT EXECUTE FUNCTION eventstore.refuse_change();

-- ALWAYS: an ordinary trigger sleeps where session_replication_role is replica.
ALTER TABLE eventstore.events ENABLE ALWAYS TRIGGER events_are_gapless;
ALTER TABLE eventstore.events ENABLE ALWAYS TRIGGER events_never_change;
ALTER TABLE eventstore.events ENABLE ALWAYS TRIGGER events_never_vanish;

GRANT USAGE ON SCHEMA eventstore TO scim_ledger_service;
GRANT SELECT, INSERT ON eventstore.events TO scim_ledger_service;
GRANT SELECT, INSERT, DELETE ON eventstore.subject_keys TO scim_ledger_service;
