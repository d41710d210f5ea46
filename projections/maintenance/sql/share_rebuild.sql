-- share_rebuild: true if nobody changes the schemas of a projection; then nobody can until the transaction ends.
-- $1 projection text
SELECT pg_try_advisory_xact_lock_shared(23579, hashtext($1))
