-- 0027: who read the log through the audit API, within an hour. When the hour is over, its rows become one event of the
-- log for each caller, AuditRead, and are removed.

CREATE TABLE service.audit_reads (
    organization_id uuid        NOT NULL,
    hour            timestamptz NOT NULL,  -- When it began.
    actor_id        text        NOT NULL,
    token_id        uuid,                  -- NULL: by the command line.
    source          text        NOT NULL,
    path            text        NOT NULL,  -- Of the route, or the command.
    subject_id      uuid,                  -- The person or the group that was asked for; NULL: none in particular.
    reads           bigint      NOT NULL,
    first_at        timestamptz NOT NULL,
    last_at         timestamptz NOT NULL,
    position        bigint      NOT NULL,  -- The last of the log that an answer held.
    request_id      uuid        NOT NULL   -- Of the last read.
);

CREATE UNIQUE INDEX audit_reads_row
    ON service.audit_reads (organization_id, hour, actor_id, token_id, source, path, subject_id) NULLS NOT DISTINCT;
CREATE INDEX audit_reads_hour ON service.audit_reads (hour);

GRANT SELECT, INSERT, UPDATE, DELETE ON service.audit_reads TO scim_ledger_service;
