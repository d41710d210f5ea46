-- write_evenly: make the kernel write this session's data continuously, if the server's system can. Otherwise it
-- collects megabytes and writes them all seconds later, and every commit waits meanwhile.
SELECT set_config('backend_flush_after', least(64, max_val::integer)::text, false)
  FROM pg_settings
 WHERE name = 'backend_flush_after'
