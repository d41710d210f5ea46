-- find_marked_tables: the tables of a schema that have our mark.
-- $1 schema_name text
-- $2 mark text
SELECT relname::text AS name
  FROM pg_class
 WHERE relnamespace = to_regnamespace(quote_ident($1))
   AND relkind = 'r'
   AND obj_description(oid, 'pg_class') = $2
 ORDER BY relname
