-- note_failure: note that an attempt failed, and when to try again; nothing if somebody else has changed the webhook.
-- $1 organization_id uuid
-- $2 id uuid
-- $3 generation integer
-- $4 from bigint
-- $5 error text
-- $6 wait_s double precision
UPDATE service.webhooks
   SET attempts = attempts + 1,
       last_error = $5,
       next_at = now() + make_interval(secs => $6)
 WHERE organization_id = $1
   AND id = $2
   AND generation = $3
   AND position = $4
