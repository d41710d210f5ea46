-- 0014: when tokens were last used. It is no event: a use changes nothing, and each request is one.

CREATE TABLE service.token_uses (
    organization_id uuid        NOT NULL,
    token_id        uuid        NOT NULL,
    used_at         timestamptz NOT NULL,
    address         text,                  -- Of the client; NULL: it had none.
    CONSTRAINT token_uses_pkey PRIMARY KEY (organization_id, token_id)
);

GRANT SELECT, INSERT, UPDATE ON service.token_uses TO scim_ledger_service;
