-- union_part: the first matching resources of one table, for page_union: as many as its page can hold.
-- $1 organization_id uuid
-- $2 limit bigint
-- $3 offset bigint
-- relation: of relations.py
-- listed: leaves out accounts that SCIM does not list
-- table, number_key, text_key, condition, order: composed from fixed fragments by keyset and filter_sql
(SELECT '{table}' AS table_name, r.id, {number_key} AS number_key, {text_key} AS text_key
   FROM {relation} AS r
  WHERE r.organization_id = $1
    AND ({condition})
    AND {listed}
  ORDER BY {order}
  LIMIT $2::bigint + $3::bigint)
