-- announce_change: notify all processes that keys have changed.
-- $1 channel text
SELECT pg_notify($1, '')
