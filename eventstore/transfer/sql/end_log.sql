-- end_log: a held log goes on elsewhere.
-- $1 organization_id uuid
UPDATE eventstore.held_logs
   SET state = 'moved'
 WHERE organization_id = $1
