-- 0035: names that somebody searched the log for and that nobody has. They are sealed until the hour is over; then they are
-- sealed in the event. Each element of the array is a list of names.

ALTER TABLE service.audit_reads ADD COLUMN sealed_names bytea[] NOT NULL DEFAULT '{}';
