-- lock_rebuild: true if only this transaction may now change the schemas of a projection, until it ends.
-- $1 projection text
SELECT pg_try_advisory_xact_lock(23579, hashtext($1))
