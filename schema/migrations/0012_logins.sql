-- 0012: the service has logins that own nothing, and its role has no right that it does not need.

-- The service's logins and their passwords, sealed under the master key, which Postgres never sees. There are two, which
-- alternate: while one gets a new password, services that run go on with the other.
CREATE TABLE service.logins (
    name            text        NOT NULL,  -- Of a role. Roles belong to the whole cluster, so it contains the database's oid.
    database_oid    oid         NOT NULL,  -- A copy of this database makes its own logins.
    sealed_password bytea       NOT NULL,
    renewed_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT logins_pkey PRIMARY KEY (name)
);

-- Only a table's owner may analyze it; before PostgreSQL 17 that right cannot be granted.
CREATE FUNCTION service.analyze_table(schema_name text, table_name text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM
       FROM pg_class
       JOIN pg_namespace
         ON pg_namespace.oid = pg_class.relnamespace
      WHERE pg_namespace.nspname = analyze_table.schema_name
        AND pg_class.relname = analyze_table.table_name
        AND pg_class.relkind IN ('r', 'p')
        AND (pg_namespace.nspname IN ('eventstore', 'followers')
             OR pg_namespace.nspname IN (SELECT builds.schema_name FROM projections.builds));
    IF FOUND THEN
        EXECUTE format('ANALYZE (SKIP_LOCKED) %I.%I', analyze_table.schema_name, analyze_table.table_name);
    END IF;
END
$$;

REVOKE EXECUTE ON FUNCTION service.analyze_table FROM PUBLIC;
GRANT EXECUTE ON FUNCTION service.analyze_table TO scim_ledger_service;
GRANT SELECT ON service.logins TO scim_ledger_service;

-- The service appends through eventstore.append_events, which runs with the rights of the log's owner. The owner makes
-- the keys before the service starts.
REVOKE INSERT ON eventstore.events FROM scim_ledger_service;
REVOKE INSERT, DELETE ON eventstore.subject_keys FROM scim_ledger_service;
REVOKE INSERT ON service.signing_keys FROM scim_ledger_service;
REVOKE INSERT ON service.master_keys FROM scim_ledger_service;
