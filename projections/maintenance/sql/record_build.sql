-- record_build: record which revision built the tables of a schema.
-- $1 schema_name text
-- $2 revision integer
INSERT INTO projections.builds (schema_name, revision)
VALUES ($1, $2)
    ON CONFLICT ON CONSTRAINT builds_pkey
    DO UPDATE
   SET revision = excluded.revision,
       digest = excluded.digest,
       built_at = excluded.built_at
