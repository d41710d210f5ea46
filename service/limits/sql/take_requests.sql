-- take_requests: take requests out of token buckets, as many as are wanted and there. A bucket without a row is full.
-- All rows are locked in one order, so that two processes never wait for each other.
-- $1 ids uuid[]
-- $2 per_second float8[]
-- $3 bursts float8[]
-- $4 wanted float8[]: whole numbers
INSERT INTO service.request_buckets AS bucket (id, per_second, burst, available, granted, filled_at)
SELECT id, per_second, burst, burst - least(wanted, burst), least(wanted, burst), clock_timestamp()
  FROM unnest($1::uuid[], $2::float8[], $3::float8[], $4::float8[]) AS asked (id, per_second, burst, wanted)
 ORDER BY id
    ON CONFLICT ON CONSTRAINT request_buckets_pkey
    DO UPDATE
   SET per_second = excluded.per_second,
       burst = excluded.burst,
       (available, granted, filled_at) =
       (SELECT filled.available - floor(least(filled.available, excluded.granted)),
               floor(least(filled.available, excluded.granted)),
               filled.at
          FROM (SELECT least(excluded.burst,
                             bucket.available
                             + excluded.per_second * greatest(0, extract(epoch FROM clock.at - bucket.filled_at))) AS available,
                       clock.at
                  FROM (SELECT clock_timestamp() AS at) AS clock) AS filled)
RETURNING id, granted, available
