-- 0015: the assertions of OAuth clients that were used, until they expire: none is accepted twice (RFC 7523 §3).

CREATE TABLE service.used_assertions (
    digest     bytea       NOT NULL,  -- SHA-256 of issuer and jti.
    expires_at timestamptz NOT NULL,
    CONSTRAINT used_assertions_pkey PRIMARY KEY (digest)
);

CREATE INDEX used_assertions_expires_at ON service.used_assertions (expires_at);

GRANT SELECT, INSERT, UPDATE, DELETE ON service.used_assertions TO scim_ledger_service;
