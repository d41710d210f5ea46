-- lock_migrations: wait for the lock to migrate this database; held until the transaction ends.
SELECT pg_advisory_xact_lock(23578, 2)
