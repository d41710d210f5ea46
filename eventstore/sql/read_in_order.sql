-- read_in_order: make this transaction read in the order of an index. A sort would read everything first.
SELECT set_config('enable_sort', 'off', true),
       set_config('enable_seqscan', 'off', true),
       set_config('max_parallel_workers_per_gather', '0', true)
