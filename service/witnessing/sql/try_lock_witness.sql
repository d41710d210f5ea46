-- try_lock_witness: whether this transaction may ask the witness of a log; false if another one does.
-- $1 log_id uuid: the id of its organization
SELECT pg_try_advisory_xact_lock(hashtextextended('witness ' || $1::uuid::text, 0))
