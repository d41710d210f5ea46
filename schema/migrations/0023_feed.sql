-- 0023: what the service sends events to by itself, how far each has got, and what it did not take.

CREATE TABLE service.webhooks (
    organization_id uuid        NOT NULL,
    id              uuid        NOT NULL,
    label           text        NOT NULL,
    kind            text        NOT NULL,
    sealed          bytea       NOT NULL,  -- The address and the secret, wrapped by the master key.
    types           text[]      NOT NULL,  -- Of events; empty: all.
    format          text        NOT NULL,
    with_values     boolean     NOT NULL,  -- Whether personal values are sent.
    state           text        NOT NULL,
    reason          text,                  -- Why it is disabled.
    position        bigint      NOT NULL,  -- Up to here, all is delivered or a dead letter.
    generation      integer     NOT NULL,  -- Raised whenever somebody changes it, so that a sender notices.
    attempts        integer     NOT NULL,  -- That failed since the last success.
    next_at         timestamptz NOT NULL,  -- Not to be tried before.
    last_error      text,
    delivered_at    timestamptz,
    created_at      timestamptz NOT NULL,
    CONSTRAINT webhooks_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT webhooks_kind CHECK (kind IN ('webhook', 'mail', 'push', 'poll')),
    CONSTRAINT webhooks_format CHECK (format IN ('json', 'ocsf', 'set')),
    CONSTRAINT webhooks_state CHECK (state IN ('enabled', 'disabled'))
) WITH (fillfactor = 50);

CREATE TABLE service.dead_letters (  -- Events that a webhook refused again and again.
    organization_id uuid        NOT NULL,
    webhook_id      uuid        NOT NULL,
    position        bigint      NOT NULL,
    type            text        NOT NULL,
    error           text        NOT NULL,
    attempts        integer     NOT NULL,
    died_at         timestamptz NOT NULL,
    CONSTRAINT dead_letters_pkey PRIMARY KEY (organization_id, webhook_id, position)
);

GRANT SELECT, INSERT, UPDATE, DELETE ON service.webhooks, service.dead_letters TO scim_ledger_service;
