-- load_all_signers: which keys sign which sizes, for all logs, the oldest first.
SELECT signers.organization_id, signers.incarnation, signers.key_number, log_keys.public_key, signers.from_size,
       signers.to_size, signers.introduced_at
  FROM proof.signers
  JOIN proof.log_keys
    ON log_keys.number = signers.key_number
 ORDER BY signers.organization_id, signers.incarnation, signers.from_size, signers.key_number
