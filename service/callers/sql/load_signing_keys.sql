-- load_signing_keys: the signing keys, oldest first.
SELECT kid, wrapped_private_key
  FROM service.signing_keys
 ORDER BY created_at, kid
