-- save_log_key: store a new key; return its number.
-- $1 public_key bytea
-- $2 wrapped_private_key bytea
INSERT INTO proof.log_keys (number, public_key, wrapped_private_key)
SELECT coalesce(max(number), 0) + 1, $1, $2
  FROM proof.log_keys
RETURNING number
