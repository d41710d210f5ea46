-- add_foreign_key: note a public key that signed elsewhere; return its number. A key that is here keeps its number.
-- $1 public_key bytea
WITH added AS (
    INSERT INTO proof.log_keys (number, public_key, wrapped_private_key)
    SELECT least(0, min(number)) - 1, $1, NULL
      FROM proof.log_keys
        ON CONFLICT ON CONSTRAINT log_keys_one_per_public_key DO NOTHING
    RETURNING number
)
SELECT number
  FROM added
 UNION ALL
SELECT number
  FROM proof.log_keys
 WHERE public_key = $1
 LIMIT 1
