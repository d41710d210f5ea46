-- reasons: since when each finding about an attribute is kept, how often, and in how many cycles.
-- $1 organization_id uuid
-- $2 findings text[]
SELECT finding, attribute, min(at) AS since, count(*) AS requests, count(DISTINCT cycle_id) AS cycles
  FROM service.requests
 WHERE organization_id = $1
   AND is_refused
   AND finding = ANY($2::text[])
 GROUP BY finding, attribute
