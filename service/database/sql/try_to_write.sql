-- try_to_write: fail if a write would fail. It leaves no row, and its commit waits for the disk as a write's does.
-- It appends zero rows. That still needs the rights, the columns, and a transaction that may write.
WITH appended AS (
    INSERT INTO eventstore.events (organization_id, position, stream_id, version, event_id, type, schema_version,
                                   recorded_at, actor_id, request_id, source, data)
    SELECT locked.organization_id, 1, locked.organization_id, 1, locked.organization_id, '', 1,
           log.locked_at, '', locked.organization_id, 'cli', '{}'
      FROM (VALUES ('00000000-0000-0000-0000-000000000000'::uuid)) AS locked (organization_id)
     CROSS JOIN eventstore.lock_log(locked.organization_id) AS log
     WHERE log.locked_at IS NULL
)
SELECT pg_logical_emit_message(true, 'scim-ledger', '')
