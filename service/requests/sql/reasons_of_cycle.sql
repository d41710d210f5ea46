-- reasons_of_cycle: how often each finding about an attribute was made in a cycle, most frequent first.
-- $1 organization_id uuid
-- $2 cycle_id uuid
SELECT finding, attribute, count(*) AS requests
  FROM service.requests
 WHERE organization_id = $1
   AND cycle_id = $2
   AND is_refused
 GROUP BY finding, attribute
 ORDER BY count(*) DESC, finding, attribute
