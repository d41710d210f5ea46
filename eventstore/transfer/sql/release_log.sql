-- release_log: let a log take events again that has not moved.
-- $1 organization_id uuid
DELETE FROM eventstore.held_logs
 WHERE organization_id = $1
   AND state = 'moving'
RETURNING organization_id
