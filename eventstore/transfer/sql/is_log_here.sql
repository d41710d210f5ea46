-- is_log_here: the organization itself, if it has a log here, or had one that has moved.
-- $1 organization_id uuid
SELECT organization_id
  FROM proof.logs
 WHERE organization_id = $1
 UNION
SELECT organization_id
  FROM (SELECT organization_id FROM eventstore.events WHERE organization_id = $1 LIMIT 1) AS found
