-- find_migration_columns: the columns of the table of migrations; NULL if there is no such table.
SELECT array_agg(attname::text ORDER BY attnum)
  FROM pg_attribute
 WHERE attrelid = to_regclass('service.schema_migrations')
   AND attnum > 0
   AND NOT attisdropped
