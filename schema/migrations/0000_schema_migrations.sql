-- 0000: the runner's own table, made by the first run; it says which migrations a database has had.

CREATE SCHEMA service;

CREATE TABLE service.schema_migrations (
    number     integer     NOT NULL,
    name       text        NOT NULL,
    checksum   text        NOT NULL,  -- SHA-256 of the file, in hexadecimal.
    applied_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT schema_migrations_pkey PRIMARY KEY (number)
);
