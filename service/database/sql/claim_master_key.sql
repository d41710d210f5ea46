-- claim_master_key: note the mark of the master key, unless one is noted already.
-- $1 fingerprint text
INSERT INTO service.master_keys (fingerprint)
VALUES ($1)
ON CONFLICT DO NOTHING
