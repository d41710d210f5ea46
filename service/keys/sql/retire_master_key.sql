-- retire_master_key: nothing is left that the former key wraps.
UPDATE service.master_keys
   SET state = 'retired', changed_at = clock_timestamp()
 WHERE state = 'former'
