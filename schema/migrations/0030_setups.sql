-- 0030: how far the set-up of an organization has come in the console, so that another administrator can go on. It holds no
-- secret and no name of a person: ids of the technical account and of the credential, and which job titles have which role.

CREATE TABLE service.console_setups (
    organization_id uuid        NOT NULL,
    provider        text        NOT NULL,
    state           json        NOT NULL,
    updated_at      timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT console_setups_pkey PRIMARY KEY (organization_id),
    CONSTRAINT console_setups_provider CHECK (provider IN ('entra', 'okta'))
);

GRANT SELECT, INSERT, UPDATE, DELETE ON service.console_setups TO scim_ledger_service;
