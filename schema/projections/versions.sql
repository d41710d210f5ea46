-- versions: every version of each user and group, so that the directory can be read as it was at any position of a log.
-- Names are unqualified: the caller sets the search path, so that a rebuild can fill a second copy.
-- A version begins with the event at from_position and ends before the event at to_position. NULL: it has not ended.
-- The other columns are those of the directory, so that the same conditions run on both.

CREATE TABLE user_versions (
    organization_id     uuid        NOT NULL,
    id                  uuid        NOT NULL,
    version             bigint      NOT NULL,
    created_at          timestamptz NOT NULL,
    modified_at         timestamptz NOT NULL,
    origin              text        NOT NULL,
    active              boolean     NOT NULL,
    role_id             uuid        NOT NULL,
    user_name_key       text        COLLATE "C" NOT NULL,
    external_id         text        COLLATE "C",
    display_name_key    text        COLLATE "C",
    employee_number_key text,
    email_keys          text[]      NOT NULL,
    document            json        NOT NULL,
    search              jsonb       NOT NULL,
    kind                text        NOT NULL,
    explicit_role_id    uuid,
    role_group_id       uuid,
    from_position       bigint      NOT NULL,
    from_at             timestamptz NOT NULL,
    to_position         bigint,
    to_at               timestamptz,
    CONSTRAINT user_versions_pkey PRIMARY KEY (organization_id, id, from_position),
    CONSTRAINT user_versions_end_after_their_begin CHECK (to_position > from_position AND to_at > from_at),
    CONSTRAINT user_versions_end_whole CHECK ((to_position IS NULL) = (to_at IS NULL))
);

CREATE TABLE group_versions (
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
    from_position    bigint      NOT NULL,
    from_at          timestamptz NOT NULL,
    to_position      bigint,
    to_at            timestamptz,
    CONSTRAINT group_versions_pkey PRIMARY KEY (organization_id, id, from_position),
    CONSTRAINT group_versions_end_after_their_begin CHECK (to_position > from_position AND to_at > from_at),
    CONSTRAINT group_versions_end_whole CHECK ((to_position IS NULL) = (to_at IS NULL))
);

-- At most one version of a resource is open. So no two versions overlap: each begins when none is open.
CREATE UNIQUE INDEX user_versions_one_open ON user_versions (organization_id, id) WHERE to_position IS NULL;
CREATE UNIQUE INDEX group_versions_one_open ON group_versions (organization_id, id) WHERE to_position IS NULL;
CREATE INDEX user_versions_accounts ON user_versions (organization_id, id, kind) WHERE kind <> 'person';
-- Who has a userName, or ever had it.
CREATE INDEX user_versions_user_name ON user_versions (organization_id, user_name_key, id);
CREATE INDEX group_versions_display_name ON group_versions (organization_id, display_name_key, id);
