-- find_serving_tables: the tables of a projection, with their columns sorted by name.
-- $1 schema_name text
SELECT pg_class.relname AS table_name,
       ARRAY(SELECT pg_attribute.attname::text
               FROM pg_attribute
              WHERE pg_attribute.attrelid = pg_class.oid
                AND pg_attribute.attnum > 0
                AND NOT pg_attribute.attisdropped
              ORDER BY pg_attribute.attname) AS columns
  FROM pg_class
  JOIN pg_namespace
    ON pg_namespace.oid = pg_class.relnamespace
 WHERE pg_namespace.nspname = $1
   AND pg_class.relkind = 'r'
 ORDER BY pg_class.relname
