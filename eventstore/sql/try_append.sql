-- try_append: fail as an append would; it leaves no row, and its commit waits for the disk as an append's does.
-- It appends nothing, which takes the same locks and needs the rights and a transaction that may write all the same.
SELECT eventstore.append_events('{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}',
                                '{}', '{}', '{}', '{}', '{}'),
       pg_logical_emit_message(true, 'scim-ledger', '')
  FROM eventstore.lock_log('00000000-0000-0000-0000-000000000000'::uuid)
