-- add_signer: let a key sign a log, from a size on.
-- $1 organization_id uuid
-- $2 incarnation integer
-- $3 key_number integer
-- $4 from_size bigint
-- $5 introduced_at bigint
INSERT INTO proof.signers (organization_id, incarnation, key_number, from_size, introduced_at)
VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT ON CONSTRAINT signers_pkey
    DO NOTHING
