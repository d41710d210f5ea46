-- 0018: the token buckets of rate limits, which all processes share. A process takes a few requests out of a bucket at
-- once. A bucket without a row is full, so the table may be lost at any time: it is not written to the WAL.

CREATE UNLOGGED TABLE service.request_buckets (
    id         uuid             NOT NULL,  -- Of the organization or of the token.
    per_second double precision NOT NULL,  -- How fast it fills.
    burst      double precision NOT NULL,  -- How much it holds.
    available  double precision NOT NULL,  -- How much it held at filled_at.
    granted    double precision NOT NULL,  -- How much the last taker got.
    filled_at  timestamptz      NOT NULL,
    CONSTRAINT request_buckets_pkey PRIMARY KEY (id)
) WITH (fillfactor = 50);

GRANT SELECT, INSERT, UPDATE, DELETE ON service.request_buckets TO scim_ledger_service;
