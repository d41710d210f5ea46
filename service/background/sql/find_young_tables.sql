-- find_young_tables: tables that have grown by half since Postgres last looked, and are small; as (schema, name).
-- $1 schemas text[]
-- $2 rows_max bigint: from there on autovacuum is in time
SELECT activity.schemaname, activity.relname
  FROM pg_stat_user_tables AS activity
  JOIN pg_class
    ON pg_class.oid = activity.relid
 WHERE activity.schemaname = ANY($1::text[])
   AND activity.n_mod_since_analyze > greatest(0, pg_class.reltuples) / 2
   AND pg_class.reltuples < $2
