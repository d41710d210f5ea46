-- find_unchecked: a log whose last full check is the longest ago, and at least this long.
-- $1 seconds double precision
SELECT organization_id
  FROM proof.logs
 WHERE note IS NOT NULL
   AND (checked_at IS NULL OR checked_at < clock_timestamp() - make_interval(secs => $1))
 ORDER BY checked_at NULLS FIRST
 LIMIT 1
