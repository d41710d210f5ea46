-- find_young_tables: small tables where the rows changed since the last ANALYZE exceed half of all rows; as (schema, name).
-- $1 schemas text[]
-- $2 rows_max bigint: larger tables are left to autovacuum
SELECT activity.schemaname, activity.relname
  FROM pg_stat_user_tables AS activity
  JOIN pg_class
    ON pg_class.oid = activity.relid
 WHERE activity.schemaname = ANY($1::text[])
   AND activity.n_mod_since_analyze > greatest(0, pg_class.reltuples) / 2
   AND pg_class.reltuples < $2
