-- schema_bytes: what the tables of a schema and their indexes take on disk.
-- $1 schema_name text
SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint
  FROM pg_class
 WHERE relnamespace = to_regnamespace(quote_ident($1))
   AND relkind = 'r'
