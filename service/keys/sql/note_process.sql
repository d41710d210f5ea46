-- note_process: note that a process serves, and which keys it has.
-- $1 process_id uuid
-- $2 host text
-- $3 pid integer
-- $4 wraps_with text
-- $5 opens text[]
-- $6 signing_kid text
INSERT INTO service.processes (process_id, host, pid, wraps_with, opens, signing_kid)
VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT ON CONSTRAINT processes_pkey
    DO UPDATE
   SET wraps_with = excluded.wraps_with,
       opens = excluded.opens,
       signing_kid = excluded.signing_kid,
       seen_at = clock_timestamp()
