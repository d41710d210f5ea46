-- 0002: the keys that the service signs with, and the mark of the master key that wraps them.

CREATE TABLE service.signing_keys (
    kid                 text        NOT NULL,
    public_key          bytea       NOT NULL,  -- Ed25519, raw: for who verifies outside the service.
    wrapped_private_key bytea       NOT NULL,
    created_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT signing_keys_pkey PRIMARY KEY (kid)
);

CREATE TABLE service.master_keys (
    fingerprint text        NOT NULL,  -- Derived from the key; the key itself is never in the database.
    created_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT master_keys_pkey PRIMARY KEY (fingerprint)
);

-- One key wraps all: two services that start together cannot each bring their own.
CREATE UNIQUE INDEX master_keys_only_one ON service.master_keys ((true));

GRANT USAGE ON SCHEMA service TO scim_ledger_service;
GRANT SELECT ON service.schema_migrations TO scim_ledger_service;
GRANT SELECT, INSERT ON service.signing_keys TO scim_ledger_service;
GRANT SELECT, INSERT ON service.master_keys TO scim_ledger_service;
