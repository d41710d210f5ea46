-- find_tables: our tables outside of projections, with their columns and the columns of their primary keys. Tables
-- that foreign keys point to come first; the chain of references is short.
-- $1 left_out text[]: schemas.
WITH RECURSIVE ours AS (
    SELECT pg_class.oid, pg_namespace.nspname AS schema_name, pg_class.relname AS table_name
      FROM pg_class
      JOIN pg_namespace
        ON pg_namespace.oid = pg_class.relnamespace
     WHERE pg_class.relkind IN ('r', 'p')
       AND pg_class.relpersistence = 'p'
       AND NOT pg_class.relispartition
       AND obj_description(pg_namespace.oid, 'pg_namespace') = 'Made by scim-ledger.'
       AND pg_namespace.nspname <> ALL ($1::text[])
), depths AS (
    SELECT ours.oid, 0 AS depth
      FROM ours
     UNION
    SELECT pg_constraint.conrelid, depths.depth + 1
      FROM depths
      JOIN pg_constraint
        ON pg_constraint.confrelid = depths.oid
       AND pg_constraint.contype = 'f'
       AND pg_constraint.conrelid <> pg_constraint.confrelid
     WHERE depths.depth < 10
)
SELECT ours.schema_name,
       ours.table_name,
       ARRAY(SELECT pg_attribute.attname::text
               FROM pg_attribute
              WHERE pg_attribute.attrelid = ours.oid
                AND pg_attribute.attnum > 0
                AND NOT pg_attribute.attisdropped
                AND pg_attribute.attgenerated = ''
              ORDER BY pg_attribute.attnum) AS columns,
       ARRAY(SELECT pg_attribute.attname::text
               FROM pg_index
              CROSS JOIN unnest(pg_index.indkey::smallint[]) WITH ORDINALITY AS keyed (number, place)
               JOIN pg_attribute
                 ON pg_attribute.attrelid = ours.oid
                AND pg_attribute.attnum = keyed.number
              WHERE pg_index.indrelid = ours.oid
                AND pg_index.indisprimary
              ORDER BY keyed.place) AS sorted_by
  FROM ours
 ORDER BY (SELECT max(depths.depth) FROM depths WHERE depths.oid = ours.oid), ours.schema_name, ours.table_name
