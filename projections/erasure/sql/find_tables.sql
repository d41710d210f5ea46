-- find_tables: which tables of some schemas exist.
-- $1 schemas text[]
SELECT pg_namespace.nspname AS schema_name, pg_class.relname AS table_name
  FROM pg_class
  JOIN pg_namespace
    ON pg_namespace.oid = pg_class.relnamespace
 WHERE pg_namespace.nspname = ANY($1)
   AND pg_class.relkind IN ('r', 'p')
