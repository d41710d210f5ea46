-- 0021: the cycles that requests form, and the requests that were refused or changed nothing. They stand beside the log:
-- nothing is computed from them but answers about requests, and they are forgotten after some months.

CREATE TABLE service.cycles (  -- Requests of one token with no gap above ten minutes.
    organization_id    uuid             NOT NULL,
    id                 uuid             NOT NULL,
    token_id           uuid             NOT NULL,  -- Of a token or of an OAuth client.
    started_at         timestamptz      NOT NULL,
    last_at            timestamptz      NOT NULL,  -- When its last request was answered.
    requests           bigint           NOT NULL,
    reads              bigint           NOT NULL,
    unchanged          bigint           NOT NULL,  -- Operations that changed nothing.
    refused            bigint           NOT NULL,  -- Operations that were refused.
    slowest_ms         double precision NOT NULL,
    slowest_request_id uuid             NOT NULL,
    slowest_method     text             NOT NULL,
    slowest_route      text,
    counts             jsonb,                      -- Of its events, once it is over.
    CONSTRAINT cycles_pkey PRIMARY KEY (organization_id, id)
);

CREATE INDEX cycles_started_at ON service.cycles (organization_id, started_at, id);
CREATE INDEX cycles_uncounted ON service.cycles (last_at) WHERE counts IS NULL;

CREATE TABLE service.open_cycles (  -- The last cycle of each token: its lock when several processes see requests.
    token_id        uuid        NOT NULL,
    organization_id uuid        NOT NULL,
    cycle_id        uuid        NOT NULL,
    started_at      timestamptz NOT NULL,
    last_at         timestamptz NOT NULL,
    CONSTRAINT open_cycles_pkey PRIMARY KEY (organization_id, token_id)
) WITH (fillfactor = 50);

CREATE TABLE service.request_days (  -- How many requests of a day were to be kept.
    organization_id uuid    NOT NULL,
    day             date    NOT NULL,  -- In UTC.
    is_refused      boolean NOT NULL,
    seen            bigint  NOT NULL,
    CONSTRAINT request_days_pkey PRIMARY KEY (organization_id, day, is_refused)
) WITH (fillfactor = 50);

CREATE TABLE service.requests (  -- Those that were refused or changed nothing.
    organization_id uuid             NOT NULL,
    id              uuid             NOT NULL,  -- A later one sorts after an earlier one.
    at              timestamptz      NOT NULL,
    token_id        uuid,                       -- NULL: the organization has no such token.
    cycle_id        uuid,
    request_id      uuid             NOT NULL,
    operation       integer,                    -- The place in a Bulk, from 0.
    is_refused      boolean          NOT NULL,
    method          text             NOT NULL,
    route           text,                       -- NULL: no endpoint has this path.
    status          smallint         NOT NULL,
    scim_type       text,
    attribute       text,
    finding         text,
    resource_id     uuid,
    sealed          bytea,                      -- The name that was sent, the detail and its parameters.
    sealed_for      uuid,                       -- Whose key seals it. NULL: a key of the service.
    is_erased       boolean          NOT NULL DEFAULT false,
    duration_ms     double precision,
    CONSTRAINT requests_pkey PRIMARY KEY (organization_id, id)
);

CREATE INDEX requests_cycle ON service.requests (organization_id, cycle_id, id);
CREATE INDEX requests_finding ON service.requests (organization_id, finding, attribute, cycle_id) INCLUDE (at)
 WHERE is_refused;
CREATE INDEX requests_at ON service.requests (at);

GRANT SELECT, INSERT, UPDATE, DELETE ON
    service.cycles, service.open_cycles, service.request_days, service.requests TO scim_ledger_service;
