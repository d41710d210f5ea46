-- lock_first_organization: wait for the lock to create the first organization; held until the transaction ends.
-- It waits longer than for a log, because the holder also writes the first rows of each table.
SELECT pg_advisory_xact_lock(23578, 4)
  FROM set_config('lock_timeout', '20s', true)
