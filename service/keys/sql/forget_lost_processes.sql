-- forget_lost_processes: forget processes that were not seen for ten times as long as one that lives may be.
-- $1 seen_s double precision
DELETE FROM service.processes
 WHERE seen_at < clock_timestamp() - make_interval(secs => 10 * $1)
