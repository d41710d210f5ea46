-- announce_master_key: record the key that is to wrap.
-- $1 fingerprint text
INSERT INTO service.master_keys (fingerprint, state)
VALUES ($1, 'next')
    ON CONFLICT ON CONSTRAINT master_keys_pkey
    DO NOTHING
