-- withdraw_master_key: forget a key that was announced and never used, unless it is this one.
-- $1 fingerprint text
DELETE FROM service.master_keys
 WHERE state = 'next'
   AND fingerprint <> $1
