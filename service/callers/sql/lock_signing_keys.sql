-- lock_signing_keys: wait for the turn to make the first signing key, until the transaction ends.
SELECT pg_advisory_xact_lock(23578, 3)
