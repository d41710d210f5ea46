-- 0011: events that come through the admin API, and events that the service decides by itself.

-- NOT VALID: the events that are there passed a narrower check, so a log of any size need not be read again.
ALTER TABLE eventstore.events DROP CONSTRAINT events_source;
ALTER TABLE eventstore.events ADD CONSTRAINT events_source
      CHECK (source IN ('scim', 'console', 'cli', 'api', 'system')) NOT VALID;
