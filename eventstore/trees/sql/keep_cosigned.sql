-- keep_cosigned: keep a checkpoint that a witness cosigned.
-- $1 organization_id uuid
-- $2 incarnation integer
-- $3 size bigint
-- $4 witness text
-- $5 note text
-- $6 cosigned_at timestamptz
INSERT INTO proof.cosignatures (organization_id, incarnation, size, witness, note, cosigned_at)
VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT ON CONSTRAINT cosignatures_pkey
    DO NOTHING
