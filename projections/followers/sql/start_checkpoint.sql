-- start_checkpoint: add a checkpoint for a log, unless there is one.
-- $1 projection text
-- $2 organization_id uuid
INSERT INTO followers.checkpoints (projection, organization_id, position)
VALUES ($1, $2, 0)
    ON CONFLICT ON CONSTRAINT checkpoints_pkey
    DO NOTHING
