-- find_tables: those of some tables that a schema has.
-- $1 schema_name text
-- $2 names text[]
SELECT relname::text AS name
  FROM pg_class
 WHERE relnamespace = to_regnamespace(quote_ident($1))
   AND relkind = 'r'
   AND relname = ANY($2::text[])
 ORDER BY relname
