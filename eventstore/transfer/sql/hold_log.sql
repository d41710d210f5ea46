-- hold_log: let a log take no more events.
-- $1 organization_id uuid
-- $2 position bigint
-- $3 destination text
INSERT INTO eventstore.held_logs (organization_id, state, position, destination)
VALUES ($1, 'moving', $2, $3)
    ON CONFLICT ON CONSTRAINT held_logs_pkey DO NOTHING
