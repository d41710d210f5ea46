-- record_build: note what a schema was built from.
-- $1 schema_name text
-- $2 digest text
INSERT INTO projections.builds (schema_name, digest)
VALUES ($1, $2)
    ON CONFLICT ON CONSTRAINT builds_pkey
    DO UPDATE
   SET digest = excluded.digest,
       built_at = excluded.built_at
