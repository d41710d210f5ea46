-- schema_bytes: the size on disk of the tables of a schema, with their indexes.
-- $1 schema_name text
SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint
  FROM pg_class
 WHERE relnamespace = to_regnamespace(quote_ident($1))
   AND relkind = 'r'
