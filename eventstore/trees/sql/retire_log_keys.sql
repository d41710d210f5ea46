-- retire_log_keys: delete the private parts of keys that sign no log any more, but for the newest key; return how many.
WITH retired AS (
    UPDATE proof.log_keys
       SET wrapped_private_key = NULL
     WHERE wrapped_private_key IS NOT NULL
       AND number < (SELECT max(newest.number) FROM proof.log_keys AS newest)
       AND NOT EXISTS (SELECT
                         FROM proof.signers
                         JOIN proof.logs
                           ON logs.organization_id = signers.organization_id
                          AND logs.incarnation = signers.incarnation
                        WHERE signers.key_number = log_keys.number
                          AND signers.to_size IS NULL)
    RETURNING number
)
SELECT count(*)
  FROM retired
