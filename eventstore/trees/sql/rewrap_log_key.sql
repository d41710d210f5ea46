-- rewrap_log_key: replace the wrapped form of a key that signs checkpoints.
-- $1 number integer
-- $2 wrapped_private_key bytea
UPDATE proof.log_keys
   SET wrapped_private_key = $2
 WHERE number = $1
