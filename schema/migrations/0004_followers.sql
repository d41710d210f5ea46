-- 0004: how far each follower has come in each log, and the streams that it could not follow.

CREATE SCHEMA followers;

-- A row advances in the transaction of the projection's own writes, and only from the position that these
-- writes continue: a leader that was replaced while it slept finds another position and writes nothing.
CREATE TABLE followers.checkpoints (
    projection      text        NOT NULL,  -- Its Postgres schema.
    organization_id uuid        NOT NULL,
    position        bigint      NOT NULL,  -- The last event that was applied, or parked; 0: none yet.
    advanced_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT checkpoints_pkey PRIMARY KEY (projection, organization_id),
    CONSTRAINT checkpoints_position_from_0 CHECK (position >= 0)
) WITH (fillfactor = 50);

-- A stream's events from this one up to the checkpoint wait for a retry; the other streams go on.
CREATE TABLE followers.parked_streams (
    projection      text        NOT NULL,
    organization_id uuid        NOT NULL,
    stream_id       uuid        NOT NULL,
    position        bigint      NOT NULL,  -- Of the first event that waits: the one that failed.
    version         bigint      NOT NULL,  -- The same one's, in the stream.
    event_id        uuid        NOT NULL,
    event_type      text        NOT NULL,
    error           text        NOT NULL,  -- What was raised and where; no values, so nothing personal.
    attempts        integer     NOT NULL DEFAULT 1,
    parked_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    tried_at        timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT parked_streams_pkey PRIMARY KEY (projection, organization_id, stream_id)
);

GRANT USAGE ON SCHEMA followers TO scim_ledger_service;
GRANT SELECT, INSERT, UPDATE, DELETE ON followers.checkpoints TO scim_ledger_service;
GRANT SELECT, INSERT, UPDATE, DELETE ON followers.parked_streams TO scim_ledger_service;
