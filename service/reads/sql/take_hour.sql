-- take_hour: remove the reads of one caller and hour, and return them.
-- $1 organization_id uuid
-- $2 hour timestamptz
-- $3 actor_id text
-- $4 token_id uuid: NULL for the command line and the console
-- $5 source text
DELETE FROM service.audit_reads
 WHERE organization_id = $1
   AND hour = $2
   AND actor_id = $3
   AND token_id IS NOT DISTINCT FROM $4
   AND source = $5
RETURNING path, subject_id, reads, first_at, last_at, position, request_id, sealed_names
