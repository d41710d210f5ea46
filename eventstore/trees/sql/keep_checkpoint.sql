-- keep_checkpoint: keep a checkpoint.
-- $1 organization_id uuid
-- $2 incarnation integer
-- $3 size bigint
-- $4 note text
-- $5 signed_at timestamptz
INSERT INTO proof.checkpoints (organization_id, incarnation, size, note, signed_at)
VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT ON CONSTRAINT checkpoints_pkey
    DO NOTHING
