-- history: which user had which role, access and memberships, from when to when; and which actor did what.
-- Names are unqualified: the caller sets the search path, so that a rebuild can fill a second copy.
-- A period begins with the event at from_position and ends before the event at to_position. NULL: it has not ended.

CREATE TABLE role_periods (
    organization_id uuid        NOT NULL,
    user_id         uuid        NOT NULL,
    role_id         uuid        NOT NULL,
    assigned_by     text        NOT NULL,  -- The actor's id.
    source          text        NOT NULL,  -- The door: scim, console or cli.
    request_id      uuid        NOT NULL,
    from_position   bigint      NOT NULL,
    from_at         timestamptz NOT NULL,
    to_position     bigint,
    to_at           timestamptz,
    CONSTRAINT role_periods_pkey PRIMARY KEY (organization_id, user_id, from_position),
    CONSTRAINT role_periods_end_after_their_begin CHECK (to_position > from_position AND to_at > from_at),
    CONSTRAINT role_periods_end_whole CHECK ((to_position IS NULL) = (to_at IS NULL))
);

CREATE TABLE access_periods (  -- When an account was active.
    organization_id uuid        NOT NULL,
    user_id         uuid        NOT NULL,
    from_position   bigint      NOT NULL,
    from_at         timestamptz NOT NULL,
    to_position     bigint,
    to_at           timestamptz,
    CONSTRAINT access_periods_pkey PRIMARY KEY (organization_id, user_id, from_position),
    CONSTRAINT access_periods_end_after_their_begin CHECK (to_position > from_position AND to_at > from_at),
    CONSTRAINT access_periods_end_whole CHECK ((to_position IS NULL) = (to_at IS NULL))
);

CREATE TABLE membership_periods (
    organization_id uuid        NOT NULL,
    group_id        uuid        NOT NULL,
    member_id       uuid        NOT NULL,
    member_type     text        NOT NULL,  -- User or Group.
    from_position   bigint      NOT NULL,
    from_at         timestamptz NOT NULL,
    to_position     bigint,
    to_at           timestamptz,
    CONSTRAINT membership_periods_pkey PRIMARY KEY (organization_id, group_id, member_id, from_position),
    CONSTRAINT membership_periods_member_type CHECK (member_type IN ('User', 'Group')),
    CONSTRAINT membership_periods_end_after_their_begin CHECK (to_position > from_position AND to_at > from_at),
    CONSTRAINT membership_periods_end_whole CHECK ((to_position IS NULL) = (to_at IS NULL))
);

CREATE TABLE lifetimes (  -- From the first event of a user or a group to its deletion.
    organization_id uuid        NOT NULL,
    resource_id     uuid        NOT NULL,
    resource_type   text        NOT NULL,  -- User or Group.
    from_position   bigint      NOT NULL,
    from_at         timestamptz NOT NULL,
    to_position     bigint,
    to_at           timestamptz,
    CONSTRAINT lifetimes_pkey PRIMARY KEY (organization_id, resource_id),
    CONSTRAINT lifetimes_resource_type CHECK (resource_type IN ('User', 'Group')),
    CONSTRAINT lifetimes_end_after_their_begin CHECK (to_position > from_position AND to_at > from_at),
    CONSTRAINT lifetimes_end_whole CHECK ((to_position IS NULL) = (to_at IS NULL))
);

CREATE TABLE activity (  -- Every event, without its sealed values.
    organization_id uuid        NOT NULL,
    position        bigint      NOT NULL,
    at              timestamptz NOT NULL,  -- Gives an organization's events the same order as position.
    type            text        NOT NULL,
    stream_id       uuid        NOT NULL,
    actor_id        text        NOT NULL,
    token_id        uuid,                  -- NULL: no token was used.
    request_id      uuid        NOT NULL,
    source          text        NOT NULL,
    facts           jsonb       NOT NULL,
    CONSTRAINT activity_pkey PRIMARY KEY (organization_id, position)
);

-- At most one period of each kind is open for a user, and one per group for a member. So no two periods overlap:
-- each begins when none is open.
CREATE UNIQUE INDEX role_periods_one_open ON role_periods (organization_id, user_id) WHERE to_position IS NULL;
CREATE UNIQUE INDEX access_periods_one_open ON access_periods (organization_id, user_id) WHERE to_position IS NULL;
CREATE UNIQUE INDEX membership_periods_one_open ON membership_periods (organization_id, group_id, member_id) WHERE to_position IS NULL;

CREATE INDEX role_periods_role ON role_periods (organization_id, role_id, from_at);
CREATE INDEX membership_periods_member ON membership_periods (organization_id, member_id, from_at);
CREATE INDEX activity_resource ON activity (organization_id, stream_id, at);
CREATE INDEX activity_actor ON activity (organization_id, actor_id, at);
