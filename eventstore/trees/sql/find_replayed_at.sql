-- find_replayed_at: when the last transaction was committed that this server got from another one, before it became the
-- primary. NULL: it began as a primary, or it was started again since then.
SELECT pg_last_xact_replay_timestamp()
