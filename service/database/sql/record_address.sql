-- record_address: record where clients reach the service; there is only one such row.
-- $1 origin text
INSERT INTO service.addresses (origin)
VALUES ($1)
    ON CONFLICT ((true))
    DO UPDATE SET origin = EXCLUDED.origin, recorded_at = clock_timestamp()
