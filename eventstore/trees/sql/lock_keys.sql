-- lock_keys: wait for the turn to make the keys of the proof, until the transaction ends.
SELECT pg_advisory_xact_lock(23578, 17)
