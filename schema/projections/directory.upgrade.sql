-- directory, from revision 2 to 3: what the tables of the former release lack, where they are.
-- Names are unqualified: the caller sets the search path. It runs again and again, so each statement asks whether it is
-- needed. Each new column has the default that the rows of a former log lead to: the former release never wrote the
-- events that would lead to others, and it goes on writing while it is replaced.

ALTER TABLE organizations ADD COLUMN IF NOT EXISTS settings json NOT NULL DEFAULT '{}';
ALTER TABLE organizations ADD COLUMN IF NOT EXISTS suspended_at timestamptz;
ALTER TABLE organizations ADD COLUMN IF NOT EXISTS suspension_reason text;
ALTER TABLE tokens ADD COLUMN IF NOT EXISTS allowed_networks text[] NOT NULL DEFAULT '{}';
ALTER TABLE users ADD COLUMN IF NOT EXISTS kind text NOT NULL DEFAULT 'person';
CREATE INDEX IF NOT EXISTS users_accounts ON users (organization_id, id, kind) WHERE kind <> 'person';

CREATE TABLE IF NOT EXISTS clients (
    organization_id uuid        NOT NULL,
    id              uuid        NOT NULL,
    account_id      uuid        NOT NULL,
    label           text        NOT NULL,
    kind            text        NOT NULL,
    scopes          text[]      NOT NULL,
    issuer          text,
    subjects        text[]      NOT NULL,
    audiences       text[]      NOT NULL,
    created_at      timestamptz NOT NULL,
    revoked_at      timestamptz,
    secrets         json        NOT NULL,
    CONSTRAINT clients_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT clients_one_per_id UNIQUE (id)
);
