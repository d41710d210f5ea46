-- load_master_keys: the fingerprints of all master keys that the database has had, with their state, oldest first.
SELECT fingerprint, state, created_at, changed_at
  FROM service.master_keys
 ORDER BY created_at, fingerprint
