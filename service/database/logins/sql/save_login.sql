-- save_login: store a login with its sealed password, and forget the logins of the database that this one is a copy of.
-- $1 name text
-- $2 database_oid oid
-- $3 sealed_password bytea
WITH forgotten AS (
    DELETE FROM service.logins
     WHERE database_oid <> $2
)
INSERT INTO service.logins (name, database_oid, sealed_password)
VALUES ($1, $2, $3)
    ON CONFLICT ON CONSTRAINT logins_pkey
    DO UPDATE SET database_oid = EXCLUDED.database_oid, sealed_password = EXCLUDED.sealed_password,
                  renewed_at = clock_timestamp()
