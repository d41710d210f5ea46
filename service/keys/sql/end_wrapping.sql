-- end_wrapping: the key that has wrapped so far only opens.
UPDATE service.master_keys
   SET state = 'former', changed_at = clock_timestamp()
 WHERE state = 'current'
