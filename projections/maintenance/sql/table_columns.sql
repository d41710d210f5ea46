-- table_columns: the columns of the tables of a schema in order, with their types.
-- $1 schema_name text
SELECT relations.relname AS table_name, attributes.attname AS column_name,
       format_type(attributes.atttypid, NULL) AS type
  FROM pg_attribute AS attributes
  JOIN pg_class AS relations
    ON relations.oid = attributes.attrelid
 WHERE relations.relnamespace = to_regnamespace(quote_ident($1))
   AND relations.relkind = 'r'
   AND attributes.attnum > 0
   AND NOT attributes.attisdropped
 ORDER BY relations.relname, attributes.attnum
