-- count: how many resources match.
-- $1 organization_id uuid
-- relation: of relations.py
-- condition: composed by filter_sql from fixed fragments
-- listed: leaves out accounts that SCIM does not list
SELECT count(*)
  FROM {relation} AS r
 WHERE r.organization_id = $1
   AND ({condition})
   AND {listed}
