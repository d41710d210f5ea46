-- load_signers: which keys sign which sizes of a log, the oldest first.
-- $1 organization_id uuid
SELECT signers.organization_id, signers.incarnation, signers.key_number, log_keys.public_key, signers.from_size, signers.to_size,
       signers.introduced_at
  FROM proof.signers
  JOIN proof.log_keys
    ON log_keys.number = signers.key_number
 WHERE signers.organization_id = $1
 ORDER BY signers.incarnation, signers.from_size, signers.key_number
