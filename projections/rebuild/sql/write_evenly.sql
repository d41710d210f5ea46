-- write_evenly: let the kernel write what this session writes as it comes, where the server's system can; else it
-- gathers megabytes, writes them seconds later at once, and every commit waits meanwhile.
SELECT set_config('backend_flush_after', least(64, max_val::integer)::text, false)
  FROM pg_settings
 WHERE name = 'backend_flush_after'
