-- table_indexes: the indexes of a schema, largest tables first, each with the constraint that uses it.
-- A definition leaves out the schema if it is on the search path.
-- $1 schema_name text
SELECT tables.relname AS table_name, indexes.relname AS index_name,
       pg_get_indexdef(indexes.oid, 0, true) AS definition, constraints.contype AS constraint_type
  FROM pg_index
  JOIN pg_class AS indexes
    ON indexes.oid = pg_index.indexrelid
  JOIN pg_class AS tables
    ON tables.oid = pg_index.indrelid
  LEFT JOIN pg_constraint AS constraints
    ON constraints.conindid = indexes.oid
   AND constraints.contype IN ('p', 'u')
 WHERE tables.relnamespace = to_regnamespace(quote_ident($1))
 ORDER BY pg_table_size(tables.oid) DESC, indexes.relname
