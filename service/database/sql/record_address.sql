-- record_address: note where clients reach the service; there is one such note.
-- $1 origin text
INSERT INTO service.addresses (origin)
VALUES ($1)
    ON CONFLICT ((true))
    DO UPDATE SET origin = EXCLUDED.origin, recorded_at = clock_timestamp()
