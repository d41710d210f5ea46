-- 0013: keys rotate, former users have hashed names, and a taken name is refused without a line that holds it.

-- next: announced, and not used yet. current: wraps. former: what it wrapped is being wrapped again. retired: nothing
-- is left that it wraps.
ALTER TABLE service.master_keys
    ADD COLUMN state      text        NOT NULL DEFAULT 'current',
    ADD COLUMN changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    ADD CONSTRAINT master_keys_state CHECK (state IN ('next', 'current', 'former', 'retired'));
DROP INDEX service.master_keys_only_one;
CREATE UNIQUE INDEX master_keys_one_of_a_state ON service.master_keys (state) WHERE state <> 'retired';

ALTER TABLE service.signing_keys
    ADD COLUMN retired_at     timestamptz,  -- NULL: it signs.
    ADD COLUMN verifies_until timestamptz;  -- Of a retired key. NULL: as long as a token needs it that never expires.

-- Secrets of the installation, wrapped by the master key. They stay the same when that is rotated.
CREATE TABLE service.secrets (
    name           text        NOT NULL,
    wrapped_secret bytea       NOT NULL,
    created_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT secrets_pkey PRIMARY KEY (name)
);

-- The processes that serve, and the master keys that each of them has: a rotation waits for all.
CREATE TABLE service.processes (
    process_id  uuid        NOT NULL,
    host        text        NOT NULL,
    pid         integer     NOT NULL,
    wraps_with  text        NOT NULL,  -- The fingerprint of a master key.
    opens       text[]      NOT NULL,  -- Those of all that it has.
    signing_kid text,                  -- NULL: it has no key to sign with.
    started_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    seen_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT processes_pkey PRIMARY KEY (process_id)
);

-- Which tokens were announced to expire, and how many days before: each once, whichever process looks.
CREATE TABLE service.token_notices (
    token_id     uuid        NOT NULL,
    days         smallint    NOT NULL,
    expires_at   timestamptz NOT NULL,
    announced_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT token_notices_pkey PRIMARY KEY (token_id, days)
);

GRANT SELECT ON service.secrets TO scim_ledger_service;
GRANT SELECT, INSERT, UPDATE, DELETE ON service.processes TO scim_ledger_service;
GRANT SELECT, INSERT, DELETE ON service.token_notices TO scim_ledger_service;

-- Fails as a unique index does, but says nothing about the value: what an index itself reports, Postgres logs with it.
CREATE FUNCTION projections.refuse_taken(rule text) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    RAISE EXCEPTION 'A name is taken: %.', rule
          USING ERRCODE = 'unique_violation', CONSTRAINT = rule;
END
$$;

-- A person who is deleted is also deleted from the tables that a rebuild has replaced, and a rollback may bring back.
-- Returns those who were there.
CREATE FUNCTION projections.forget_users(organization_id uuid, ids uuid[]) RETURNS SETOF uuid
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    IF to_regclass('directory_previous.users') IS NOT NULL THEN
        BEGIN
            RETURN QUERY EXECUTE
                   'DELETE FROM directory_previous.users WHERE organization_id = $1 AND id = ANY($2) RETURNING id'
             USING forget_users.organization_id, ids;
        EXCEPTION
            WHEN undefined_table THEN NULL;  -- Dropped while we waited: a rebuild is about to swap.
        END;
    END IF;
END
$$;

-- As before, and the log must still end at `tail`: whoever appended after that may have taken a name meanwhile.
CREATE FUNCTION eventstore.try_lock_log(organization_id uuid, written oid, schema_name text, table_name text, tail bigint)
RETURNS boolean
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM eventstore.try_lock_log(try_lock_log.organization_id, written, schema_name, table_name);
    -- A statement of its own, for a snapshot taken after the lock.
    PERFORM
       FROM eventstore.events
      WHERE events.organization_id = try_lock_log.organization_id
        AND events.position = tail + 1;
    IF NOT FOUND THEN
        RETURN true;
    END IF;
    RAISE EXCEPTION 'Somebody else has written to log %.', try_lock_log.organization_id
          USING ERRCODE = 'lock_not_available';
END
$$;
