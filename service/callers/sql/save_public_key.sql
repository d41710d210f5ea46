-- save_public_key: accept the tokens of a key that signs elsewhere.
-- $1 kid text
-- $2 public_key bytea
-- $3 wrapped_key bytea
INSERT INTO service.signing_keys (kid, public_key, wrapped_private_key, retired_at)
VALUES ($1, $2, $3, clock_timestamp())
    ON CONFLICT ON CONSTRAINT signing_keys_pkey DO NOTHING
