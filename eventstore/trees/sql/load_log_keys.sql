-- load_log_keys: the keys that sign checkpoints, the oldest first. A retired key has no private part.
SELECT number, public_key, wrapped_private_key
  FROM proof.log_keys
 ORDER BY number
