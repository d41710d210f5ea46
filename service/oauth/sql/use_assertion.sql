-- use_assertion: note that an assertion was used, and forget some that have expired. No row: it was used before.
-- $1 digest bytea
-- $2 expires_at timestamptz
  WITH expired AS (
       SELECT digest
         FROM service.used_assertions
        WHERE expires_at < now()
        ORDER BY expires_at
        LIMIT 20
          FOR UPDATE SKIP LOCKED),
       forgotten AS (
       DELETE FROM service.used_assertions
        USING expired
        WHERE used_assertions.digest = expired.digest
          AND used_assertions.digest <> $1)
INSERT INTO service.used_assertions (digest, expires_at)
VALUES ($1, $2)
    ON CONFLICT ON CONSTRAINT used_assertions_pkey
    DO NOTHING
RETURNING true
