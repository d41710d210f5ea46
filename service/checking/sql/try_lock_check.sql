-- try_lock_check: whether this transaction may check a log; false if another one does.
-- $1 log_id uuid: the id of its organization
SELECT pg_try_advisory_xact_lock(hashtextextended('daily check ' || $1::uuid::text, 0))
