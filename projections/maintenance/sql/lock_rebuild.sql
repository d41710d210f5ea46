-- lock_rebuild: whether this transaction is now the only one that changes the schemas of a projection.
-- $1 projection text
SELECT pg_try_advisory_xact_lock(23579, hashtext($1))
