-- lock_first_organization: wait for the turn to make the first organization, until the transaction ends.
-- Longer than for a log: whoever is first makes its tables' first rows, too.
SELECT pg_advisory_xact_lock(23578, 4)
  FROM set_config('lock_timeout', '20s', true)
