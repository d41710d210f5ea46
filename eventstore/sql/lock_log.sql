-- lock_log: take a log's lock until the transaction ends; gives its tail and the clock, read after the wait.
-- $1 organization_id uuid
SELECT tail_position, tail_recorded_at, locked_at
  FROM eventstore.lock_log($1)
