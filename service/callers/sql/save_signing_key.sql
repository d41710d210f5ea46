-- save_signing_key: store a new signing key.
-- $1 kid text
-- $2 public_key bytea
-- $3 wrapped_private_key bytea
INSERT INTO service.signing_keys (kid, public_key, wrapped_private_key)
VALUES ($1, $2, $3)
