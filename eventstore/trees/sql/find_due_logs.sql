-- find_due_logs: the logs that were not checked since an instant, the one that waits longest first. Before its first check
-- a log waits since its first event.
-- $1 before timestamptz
-- $2 limit bigint
SELECT log.organization_id, coalesce(log.checked_at, first.recorded_at) AS since
  FROM proof.logs AS log
  JOIN eventstore.events AS first
    ON first.organization_id = log.organization_id
   AND first."position" = 1
 WHERE coalesce(log.checked_at, first.recorded_at) < $1
   AND log.note IS NOT NULL
 ORDER BY since
 LIMIT $2
