-- find_kept: the newest kept checkpoint of a size.
-- $1 organization_id uuid
-- $2 size bigint
SELECT note
  FROM proof.checkpoints
 WHERE organization_id = $1
   AND size = $2
 ORDER BY incarnation DESC
 LIMIT 1
