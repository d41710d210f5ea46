-- find_unmarked_schemas: those of some schemas that exist without our mark.
-- $1 names text[]
-- $2 mark text
SELECT nspname::text AS name
  FROM pg_namespace
 WHERE nspname = ANY($1::text[])
   AND obj_description(oid, 'pg_namespace') IS DISTINCT FROM $2
 ORDER BY nspname
