-- 0029: tokens of operators, which belong to no organization.

CREATE TABLE service.operator_tokens (
    id         uuid        NOT NULL,
    token_hash text        NOT NULL,  -- SHA-256 in hexadecimal. The token is random, so it cannot be guessed back.
    label      text        NOT NULL,
    created_by text        NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,           -- NULL: never.
    revoked_at timestamptz,
    CONSTRAINT operator_tokens_pkey PRIMARY KEY (id),
    CONSTRAINT operator_tokens_one_per_hash UNIQUE (token_hash)
);

GRANT SELECT, INSERT, UPDATE ON service.operator_tokens TO scim_ledger_service;
