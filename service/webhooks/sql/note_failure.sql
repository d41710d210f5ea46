-- note_failure: note that an attempt failed, and when to try again.
-- $1 organization_id uuid
-- $2 id uuid
-- $3 generation integer
-- $4 error text
-- $5 wait_s double precision
UPDATE service.webhooks
   SET attempts = attempts + 1,
       last_error = $4,
       next_at = now() + make_interval(secs => $5)
 WHERE organization_id = $1
   AND id = $2
   AND generation = $3
