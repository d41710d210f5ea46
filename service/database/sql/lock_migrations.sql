-- lock_migrations: wait for the turn to migrate this database, until the transaction ends.
SELECT pg_advisory_xact_lock(23578, 2)
