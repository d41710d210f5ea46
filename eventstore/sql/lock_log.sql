-- lock_log: lock a log until the transaction ends. Returns its tail and the time, both read after the wait.
-- $1 organization_id uuid
SELECT tail_position, tail_recorded_at, locked_at
  FROM eventstore.lock_log($1)
