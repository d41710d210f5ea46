-- find_ended_hours: whose reads of which hours are to be recorded, the oldest first.
-- $1 before timestamptz: hours that began before it
-- $2 limit bigint
SELECT DISTINCT hour, organization_id, actor_id, token_id, source
  FROM service.audit_reads
 WHERE hour < $1
 ORDER BY hour, organization_id
 LIMIT $2
