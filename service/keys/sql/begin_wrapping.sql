-- begin_wrapping: the announced key wraps; its fingerprint is returned.
-- $1 fingerprint text
   UPDATE service.master_keys
      SET state = 'current', changed_at = clock_timestamp()
    WHERE state = 'next'
      AND fingerprint = $1
RETURNING fingerprint
