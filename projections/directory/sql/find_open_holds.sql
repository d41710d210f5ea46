-- find_open_holds: the holds that nobody has decided on, as (kind, id).
-- $1 organization_id uuid
SELECT kind, id
  FROM directory.holds
 WHERE organization_id = $1
   AND state = 'open'
