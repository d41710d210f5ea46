-- write_staged_signers: write which keys signed, by the numbers that they have here.
-- $1 former integer[]
-- $2 numbers integer[]
INSERT INTO proof.signers (organization_id, incarnation, key_number, from_size, to_size, introduced_at)
SELECT staged_signers.organization_id, staged_signers.incarnation, keys.number, staged_signers.from_size,
       staged_signers.to_size, staged_signers.introduced_at
  FROM staged_signers
  JOIN unnest($1::integer[], $2::integer[]) AS keys (former, number)
    ON keys.former = staged_signers.key_number
