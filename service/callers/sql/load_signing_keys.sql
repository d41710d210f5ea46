-- load_signing_keys: the signing keys, oldest first.
SELECT kid, wrapped_private_key, retired_at, verifies_until, created_at
  FROM service.signing_keys
 ORDER BY created_at, kid
