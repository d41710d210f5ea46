-- end_leftovers: end the connections with a name, which a killed process left, and wait until they are gone.
-- $1 application_name text
-- $2 timeout_ms bigint
SELECT pg_terminate_backend(pid, $2)
  FROM pg_stat_activity
 WHERE datname = current_database()
   AND application_name = $1
