-- union_part: the resources of one table that match, for page_union.
-- $1 organization_id uuid
-- table, key, condition: composed of fixed fragments by keyset and filter_sql
SELECT '{table}' AS table_name, r.id, {key} AS sort_key
  FROM directory.{table} AS r
 WHERE r.organization_id = $1
   AND ({condition})
