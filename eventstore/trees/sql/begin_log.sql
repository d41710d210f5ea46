-- begin_log: let a log that has no tree have one. Only the owner of the tables may do that.
-- $1 organization_id uuid
INSERT INTO proof.logs (organization_id, is_found)
VALUES ($1, true)
    ON CONFLICT ON CONSTRAINT logs_pkey
    DO NOTHING
