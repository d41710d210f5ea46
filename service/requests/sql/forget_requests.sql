-- forget_requests: remove what is older than requests are kept.
-- $1 before timestamptz
WITH forgotten AS (DELETE FROM service.requests WHERE at < $1),
     days AS (DELETE FROM service.request_days WHERE day < ($1 AT TIME ZONE 'UTC')::date),
     open AS (DELETE FROM service.open_cycles WHERE last_at < $1)
DELETE FROM service.cycles WHERE last_at < $1
