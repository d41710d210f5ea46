-- find_names: those of the given names that are taken in this database, each with its kind.
-- $1 schemas text[]
-- $2 relations text[]: with their schema
-- $3 functions text[]: with their schema
SELECT 'schema ' || name AS name
  FROM unnest($1::text[]) AS schemas (name)
 WHERE to_regnamespace(name) IS NOT NULL
 UNION ALL
SELECT 'table ' || name
  FROM unnest($2::text[]) AS relations (name)
 WHERE to_regclass(name) IS NOT NULL
   AND split_part(name, '.', 1) <> ALL($1::text[])
 UNION ALL
SELECT 'function ' || name
  FROM unnest($3::text[]) AS functions (name)
 WHERE split_part(name, '.', 1) <> ALL($1::text[])
   AND EXISTS (SELECT
                 FROM pg_proc
                WHERE pronamespace = to_regnamespace(split_part(name, '.', 1))
                  AND proname = split_part(name, '.', 2))
 ORDER BY name
