-- directory: the tables of the read model that SCIM answers from, created in a Postgres schema of their own.
-- Names are unqualified: the caller sets the search path, so that a rebuild can fill a second copy.
-- Texts that lists are sorted by have the collation "C", in which filters and sort orders compare. So one index
-- serves both, and writes compare bytes. If an index ends in id, a page of rows with equal values is one range
-- of the index, already in order.

CREATE TABLE organizations (
    organization_id uuid        NOT NULL,
    version         bigint      NOT NULL,
    created_at      timestamptz NOT NULL,
    name            text        NOT NULL,
    name_key        text        NOT NULL,  -- The name, folded for comparison.
    roles           json        NOT NULL,  -- Role name → UUID.
    schemas         json        NOT NULL,  -- URN → extension schema of this organization.
    settings        json        NOT NULL DEFAULT '{}',  -- Only those that were chosen: schema/events/settings.py.
    suspended_at      timestamptz,         -- NULL: it is not suspended.
    suspension_reason text,
    role_groups     json        NOT NULL DEFAULT '{}',  -- Its list of role groups; {}: nobody has saved one.
    CONSTRAINT organizations_pkey PRIMARY KEY (organization_id),
    CONSTRAINT organizations_one_per_name UNIQUE (name_key)
);

CREATE TABLE tokens (
    organization_id uuid        NOT NULL,
    id              uuid        NOT NULL,
    jti_hash        text        NOT NULL,
    account_id      uuid        NOT NULL,
    label           text        NOT NULL,
    scope           text        NOT NULL,
    issued_at       timestamptz NOT NULL,
    expires_at      timestamptz,           -- NULL: it does not expire.
    revoked_at      timestamptz,           -- NULL: it is not revoked.
    allowed_networks text[]     NOT NULL DEFAULT '{}',  -- Empty: any address.
    CONSTRAINT tokens_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT tokens_one_per_jti UNIQUE (jti_hash)
);

CREATE TABLE clients (  -- OAuth clients.
    organization_id uuid        NOT NULL,
    id              uuid        NOT NULL,
    account_id      uuid        NOT NULL,
    label           text        NOT NULL,
    kind            text        NOT NULL,  -- secret or federated.
    scopes          text[]      NOT NULL,
    issuer          text,                  -- NULL: it is not federated.
    subjects        text[]      NOT NULL,
    audiences       text[]      NOT NULL,
    created_at      timestamptz NOT NULL,
    revoked_at      timestamptz,           -- NULL: it is not revoked.
    secrets         json        NOT NULL,  -- A list, oldest first; hashes in place of the secrets.
    CONSTRAINT clients_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT clients_one_per_id UNIQUE (id)
);

CREATE TABLE users (
    organization_id     uuid        NOT NULL,
    id                  uuid        NOT NULL,
    version             bigint      NOT NULL,
    created_at          timestamptz NOT NULL,
    modified_at         timestamptz NOT NULL,
    origin              text        NOT NULL,  -- The door through which it was created: scim, console or cli.
    active              boolean     NOT NULL,
    role_id             uuid        NOT NULL,
    user_name_key       text        COLLATE "C" NOT NULL,  -- userName, folded for comparison; see User.name_key.
    external_id         text        COLLATE "C",
    display_name_key    text        COLLATE "C",
    employee_number_key text,
    email_keys          text[]      NOT NULL,
    document            json        NOT NULL,  -- As it is served, without id, meta and groups.
    search              jsonb       NOT NULL,  -- As filters read it: folded texts, dates in UTC.
    kind                text        NOT NULL DEFAULT 'person',  -- person, account, or unlisted account.
    explicit_role_id    uuid,                  -- The role that requests gave, where it cannot be seen from role_id.
    role_group_id       uuid,                  -- The group that gives the role; NULL: no group does.
    CONSTRAINT users_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT users_one_per_user_name UNIQUE (organization_id, user_name_key)
) WITH (fillfactor = 85);

CREATE TABLE former_users (  -- Deleted users: the log names the former user of a person who comes back.
    organization_id uuid NOT NULL,
    id              uuid NOT NULL,
    user_name_key   text NOT NULL,  -- A hash of the folded name, with a key that is not in the database.
    external_id     text,           -- A hash as well.
    CONSTRAINT former_users_pkey PRIMARY KEY (organization_id, id)
);

CREATE TABLE groups (
    organization_id  uuid        NOT NULL,
    id               uuid        NOT NULL,
    version          bigint      NOT NULL,
    created_at       timestamptz NOT NULL,
    modified_at      timestamptz NOT NULL,
    member_count     bigint      NOT NULL,
    display_name_key text        COLLATE "C" NOT NULL,
    external_id      text        COLLATE "C",
    document         json        NOT NULL,
    search           jsonb       NOT NULL,
    CONSTRAINT groups_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT groups_one_per_display_name UNIQUE (organization_id, display_name_key)
) WITH (fillfactor = 70);

CREATE TABLE memberships (
    organization_id uuid NOT NULL,
    group_id        uuid NOT NULL,
    member_id       uuid NOT NULL,
    member_type     text NOT NULL,
    CONSTRAINT memberships_pkey PRIMARY KEY (organization_id, group_id, member_id),
    CONSTRAINT memberships_member_type CHECK (member_type IN ('User', 'Group'))
);

CREATE TABLE losses (  -- Events that took access from a user: the guard counts them.
    organization_id uuid        NOT NULL,
    stream_id       uuid        NOT NULL,  -- Of the event: the user, or the role group that was left.
    position        bigint      NOT NULL,
    user_id         uuid        NOT NULL,
    kind            text        NOT NULL,
    recorded_at     timestamptz NOT NULL,
    CONSTRAINT losses_pkey PRIMARY KEY (organization_id, stream_id, position, user_id),
    CONSTRAINT losses_kind CHECK (kind IN ('deletion', 'deactivation', 'removal', 'demotion'))
);

CREATE TABLE holds (  -- Changes that would have taken access from more people than the guard allows.
    organization_id  uuid        NOT NULL,
    id               uuid        NOT NULL,
    version          bigint      NOT NULL,
    kind             text        NOT NULL,
    opened_at        timestamptz NOT NULL,
    opened_position  bigint      NOT NULL,
    since_position   bigint      NOT NULL,  -- From here on the losses were counted.
    passed           bigint      NOT NULL,  -- So many users had lost access before.
    active_users     bigint      NOT NULL,
    max_users        bigint      NOT NULL,
    max_percent      bigint      NOT NULL,
    window_minutes   bigint      NOT NULL,
    user_count       bigint      NOT NULL,
    state            text        NOT NULL,
    decided_at       timestamptz,           -- NULL: nobody has decided yet.
    decided_position bigint,
    CONSTRAINT holds_pkey PRIMARY KEY (organization_id, id),
    CONSTRAINT holds_kind CHECK (kind IN ('deletion', 'deactivation', 'removal', 'demotion')),
    CONSTRAINT holds_state CHECK (state IN ('open', 'approved', 'rejected')),
    CONSTRAINT holds_decided_whole CHECK ((state = 'open') = (decided_at IS NULL)
                                          AND (decided_at IS NULL) = (decided_position IS NULL))
);

CREATE TABLE held_users (
    organization_id uuid        NOT NULL,
    hold_id         uuid        NOT NULL,
    user_id         uuid        NOT NULL,
    held_at         timestamptz NOT NULL,
    CONSTRAINT held_users_pkey PRIMARY KEY (organization_id, hold_id, user_id)
);

CREATE INDEX users_external_id ON users (organization_id, external_id, id);
CREATE INDEX users_role_id ON users (organization_id, role_id, id);
CREATE INDEX users_display_name ON users (organization_id, display_name_key, id);
CREATE INDEX users_employee_number ON users (organization_id, employee_number_key) WHERE employee_number_key IS NOT NULL;
-- Every read of this index also scans its pending list. This limit, in kB, keeps the list short; without it, reads of
-- 10 ms become common.
CREATE INDEX users_emails ON users USING gin (email_keys) WITH (gin_pending_list_limit = 256);
CREATE INDEX users_accounts ON users (organization_id, id, kind) WHERE kind <> 'person';
CREATE INDEX users_active ON users (organization_id, active, id);
CREATE INDEX former_users_user_name ON former_users (organization_id, user_name_key);
CREATE INDEX former_users_external_id ON former_users (organization_id, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX groups_external_id ON groups (organization_id, external_id) WHERE external_id IS NOT NULL;
CREATE INDEX memberships_member ON memberships (organization_id, member_id);
CREATE INDEX tokens_account ON tokens (organization_id, account_id);
CREATE INDEX losses_recorded_at ON losses (organization_id, recorded_at, user_id);
CREATE INDEX losses_user ON losses (organization_id, user_id, position);
CREATE INDEX held_users_user ON held_users (organization_id, user_id);
