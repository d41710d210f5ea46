-- 0003: what each projection was built from, and how far a rebuild has come, so that a killed one goes on.

CREATE SCHEMA projections;

-- A projection lives in the Postgres schema of its name; beside it <name>_next, while it is rebuilt, and
-- <name>_previous, which a rollback brings back.
CREATE TABLE projections.builds (
    schema_name text        NOT NULL,
    digest      text        NOT NULL,  -- Of the tables' DDL and the code that filled them.
    built_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT builds_pkey PRIMARY KEY (schema_name)
);

-- A rebuild loads the log in shards, each in one transaction with its row here: done, or not begun.
CREATE TABLE projections.shards (
    schema_name     text        NOT NULL,
    number          integer     NOT NULL,
    organization_id uuid        NOT NULL,
    first_stream_id uuid        NOT NULL,
    last_stream_id  uuid        NOT NULL,
    position        bigint      NOT NULL,  -- The last that is loaded of this log.
    events          bigint      NOT NULL,  -- As estimated; as counted, once it is loaded.
    mark            bigint,                -- Of its rows as they were made; NULL: it is to load.
    verified_at     timestamptz,           -- NULL: its rows are still to read back.
    CONSTRAINT shards_pkey PRIMARY KEY (schema_name, number)
);

-- Up to where the tables of a schema that nobody writes inline have each log.
CREATE TABLE projections.reached (
    schema_name     text   NOT NULL,
    organization_id uuid   NOT NULL,
    position        bigint NOT NULL,
    CONSTRAINT reached_pkey PRIMARY KEY (schema_name, organization_id)
);

GRANT USAGE ON SCHEMA projections TO scim_ledger_service;
GRANT SELECT ON ALL TABLES IN SCHEMA projections TO scim_ledger_service;
