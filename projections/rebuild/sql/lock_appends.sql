-- lock_appends: wait until no append runs. None can begin until the transaction ends.
SELECT pg_advisory_xact_lock(23578, 1)
