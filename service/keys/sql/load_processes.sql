-- load_processes: the processes that serve, oldest first.
-- $1 seen_s double precision: how long ago a process may have been seen last
SELECT process_id, host, pid, wraps_with, opens, signing_kid, started_at, seen_at
  FROM service.processes
 WHERE seen_at > clock_timestamp() - make_interval(secs => $1)
 ORDER BY started_at, process_id
