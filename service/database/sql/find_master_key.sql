-- find_master_key: the mark of the master key that the database was made with.
SELECT fingerprint
  FROM service.master_keys
