-- find_master_key: the fingerprint of the master key that the database was made with; no row if there is none yet.
SELECT fingerprint
  FROM service.master_keys
