-- 0009: where the service was started last, so that the commands can show the URL that clients need.

CREATE TABLE service.addresses (
    origin      text        NOT NULL,  -- Scheme and host: http://127.0.0.1:8080.
    recorded_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- The last start is the only one that matters.
CREATE UNIQUE INDEX addresses_only_one ON service.addresses ((true));

GRANT SELECT, INSERT, UPDATE ON service.addresses TO scim_ledger_service;
