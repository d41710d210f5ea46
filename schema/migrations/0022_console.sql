-- 0022: who is signed in to the console, and the one-time links that sign somebody in. They stand beside the log and are
-- forgotten within a day. Neither a link nor a cookie can be made from what is stored: there are only digests.

CREATE TABLE service.console_links (
    digest          bytea       NOT NULL,  -- SHA-256 of the secret in the link.
    organization_id uuid,                  -- NULL: of an operator, who sees no organization from inside.
    roles           text[]      NOT NULL,
    actor           text        NOT NULL,  -- Who made it, as events name actors.
    created_at      timestamptz NOT NULL DEFAULT now(),
    expires_at      timestamptz NOT NULL,
    CONSTRAINT console_links_pkey PRIMARY KEY (digest)
);

CREATE TABLE service.console_sessions (
    id              uuid        NOT NULL,
    digest          bytea       NOT NULL,  -- SHA-256 of the secret in the cookie.
    organization_id uuid,
    person_id       uuid,                  -- NULL: a link signed in whoever opened it.
    roles           text[]      NOT NULL,  -- As the sign-in granted them; a person's are looked up as well.
    actor           text        NOT NULL,  -- As events name who acts.
    way             text        NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now(),
    used_at         timestamptz NOT NULL DEFAULT now(),
    fresh_at        timestamptz NOT NULL DEFAULT now(),  -- When the person last proved who they are.
    user_agent      text        NOT NULL,
    address         text        NOT NULL,
    CONSTRAINT console_sessions_pkey PRIMARY KEY (id),
    CONSTRAINT console_sessions_digest UNIQUE (digest),
    CONSTRAINT console_sessions_way CHECK (way IN ('link', 'oidc'))
);

CREATE INDEX console_sessions_organization ON service.console_sessions (organization_id, id);

GRANT SELECT, INSERT, UPDATE, DELETE ON service.console_links, service.console_sessions TO scim_ledger_service;

-- A form that makes a secret is sent once: its answer shows the secret, and a reload would make another.
CREATE TABLE service.console_form_keys (
    session_id uuid NOT NULL,
    key        uuid NOT NULL,
    CONSTRAINT console_form_keys_pkey PRIMARY KEY (session_id, key),
    CONSTRAINT console_form_keys_session FOREIGN KEY (session_id)
        REFERENCES service.console_sessions (id) ON DELETE CASCADE
);

GRANT SELECT, INSERT, UPDATE, DELETE ON service.console_form_keys TO scim_ledger_service;
