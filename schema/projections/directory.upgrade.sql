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
ALTER TABLE organizations ADD COLUMN IF NOT EXISTS role_groups json NOT NULL DEFAULT '{}';
ALTER TABLE users ADD COLUMN IF NOT EXISTS explicit_role_id uuid;
ALTER TABLE users ADD COLUMN IF NOT EXISTS role_group_id uuid;

CREATE TABLE IF NOT EXISTS losses (
    organization_id uuid        NOT NULL,
    stream_id       uuid        NOT NULL,
    position        bigint      NOT NULL,
    user_id         uuid        NOT NULL,
    kind            text        NOT NULL,
    recorded_at     timestamptz NOT NULL,
    CONSTRAINT losses_pkey PRIMARY KEY (organization_id, stream_id, position, user_id),
    CONSTRAINT losses_kind CHECK (kind IN ('deletion', 'deactivation', 'removal', 'demotion'))
);

CREATE TABLE IF NOT EXISTS holds (
    organization_id  uuid        NOT NULL,
    id               uuid        NOT NULL,
    version          bigint      NOT NULL,
    kind             text        NOT NULL,
    opened_at        timestamptz NOT NULL,
    opened_position  bigint      NOT NULL,
    since_position   bigint      NOT NULL,
    passed           bigint      NOT NULL,
    active_users     bigint      NOT NULL,
    max_users        bigint      NOT NULL,
    max_percent      bigint      NOT NULL,
    window_minutes   bigint      NOT NULL,
    user_count       bigint      NOT NULL,
    state            text        NOT NULL,
    decided_at       timestamptz,
    decided_position bigint,
    CONSTRAINT holds_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT holds_kind CHECK (kind IN ('deletion', 'deactivation', 'removal', 'demotion')),
    CONSTRAINT holds_state CHECK (state IN ('open', 'approved', 'rejected')),
    CONSTRAINT holds_decided_whole CHECK ((state = 'open') = (decided_at IS NULL)
                                          AND (decided_at IS NULL) = (decided_position IS NULL))
);

CREATE TABLE IF NOT EXISTS held_users (
    organization_id uuid        NOT NULL,
    hold_id         uuid        NOT NULL,
    user_id         uuid        NOT NULL,
    held_at         timestamptz NOT NULL,
    CONSTRAINT held_users_pkey PRIMARY KEY (organization_id, hold_id, user_id)
);

CREATE INDEX IF NOT EXISTS losses_recorded_at ON losses (organization_id, recorded_at, user_id);
CREATE INDEX IF NOT EXISTS losses_user ON losses (organization_id, user_id, position);
CREATE INDEX IF NOT EXISTS held_users_user ON held_users (organization_id, user_id);

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
