-- count: how many resources match.
-- $1 organization_id uuid
-- table, condition: composed by filter_sql from fixed fragments
-- listed: leaves out accounts that SCIM does not list
SELECT count(*)
  FROM directory.{table} AS r
 WHERE r.organization_id = $1
   AND ({condition})
   AND {listed}
