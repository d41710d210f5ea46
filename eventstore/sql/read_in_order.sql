-- read_in_order: keep this transaction's reads to the order of an index: a sort would first read it all.
SELECT set_config('enable_sort', 'off', true),
       set_config('enable_seqscan', 'off', true),
       set_config('max_parallel_workers_per_gather', '0', true)
