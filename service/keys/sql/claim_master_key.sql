-- claim_master_key: record the fingerprint of the first master key, unless one is recorded already.
-- $1 fingerprint text
INSERT INTO service.master_keys (fingerprint)
VALUES ($1)
ON CONFLICT DO NOTHING
