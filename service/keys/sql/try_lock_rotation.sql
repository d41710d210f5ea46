-- try_lock_rotation: take the lock of the rotation of the master key, until the transaction ends; false if another has it.
SELECT pg_try_advisory_xact_lock(23578, 13)
