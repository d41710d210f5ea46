-- rewrap_signing_key: replace the wrapped form of a signing key.
-- $1 kid text
-- $2 wrapped_private_key bytea
UPDATE service.signing_keys
   SET wrapped_private_key = $2
 WHERE kid = $1
