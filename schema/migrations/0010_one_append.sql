-- 0010: one append and one lock, which both ways of writing call: the one that waits and the one that does not.

-- Takes the locks of an append until the transaction ends. Returns true; or, where `waits` is false, false as soon as it
-- would have to wait, and the caller must give up.
CREATE FUNCTION eventstore.take_log_lock(organization_id uuid, waits boolean) RETURNS boolean
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    -- Only READ COMMITTED looks again after the wait; other levels would see the log as it was before.
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'An append needs a transaction that is READ COMMITTED.'
              USING ERRCODE = 'invalid_transaction_state';
    END IF;
    -- Appends share the first lock. The swap of a projection takes it alone, and every append waits.
    IF waits THEN
        PERFORM pg_advisory_xact_lock_shared(23578, 1);
        PERFORM pg_advisory_xact_lock(uuid_hash_extended(take_log_lock.organization_id, 0));
        RETURN true;
    END IF;
    RETURN pg_try_advisory_xact_lock_shared(23578, 1)
           AND pg_try_advisory_xact_lock(uuid_hash_extended(take_log_lock.organization_id, 0));
END
$$;

CREATE OR REPLACE FUNCTION eventstore.lock_log(organization_id uuid,
                                               OUT tail_position bigint,          -- 0: the log is empty.
                                               OUT tail_recorded_at timestamptz,  -- NULL: the log is empty.
                                               OUT locked_at timestamptz)
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    PERFORM eventstore.take_log_lock(lock_log.organization_id, waits => true);
    -- A statement of its own, for a snapshot taken after the wait: the other's events are in it.
    SELECT events.position, events.recorded_at
      INTO tail_position, tail_recorded_at
      FROM eventstore.events
     WHERE events.organization_id = lock_log.organization_id
     ORDER BY events.position DESC
     LIMIT 1;
    tail_position := coalesce(tail_position, 0);
    locked_at := clock_timestamp();
END
$$;

-- Takes what lock_log takes, or raises lock_not_available where it would have to wait. The statement that calls this
-- was planned before: if a projection was swapped since, `written` is no longer the table that serves under this name.
CREATE OR REPLACE FUNCTION eventstore.try_lock_log(organization_id uuid, written oid, schema_name text, table_name text)
RETURNS boolean
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    IF eventstore.take_log_lock(try_lock_log.organization_id, waits => false) THEN
        -- A statement of its own, for a snapshot taken after the lock.
        PERFORM
           FROM pg_catalog.pg_class
           JOIN pg_catalog.pg_namespace
             ON pg_namespace.oid = pg_class.relnamespace
          WHERE pg_class.oid = written
            AND pg_class.relname = table_name
            AND pg_namespace.nspname = schema_name;
        IF FOUND THEN
            RETURN true;
        END IF;
    END IF;
    RAISE EXCEPTION 'Somebody else writes to log % now, or its projection was swapped.', try_lock_log.organization_id
          USING ERRCODE = 'lock_not_available';
END
$$;

-- Adds events and the keys of their new subjects: one element of each array per event, of the last two per new subject.
-- The caller holds the log's lock. plpgsql, because it keeps its plan; before PostgreSQL 18 a function in SQL is parsed
-- and planned anew by each statement that calls it. It runs with the rights of the log's owner, so that a session needs
-- no right of its own to insert events; its search path is fixed, so that a session cannot lend it other operators.
CREATE FUNCTION eventstore.append_events(organization_id uuid,
                                         positions bigint[],
                                         stream_ids uuid[],
                                         versions bigint[],
                                         event_ids uuid[],
                                         types text[],
                                         schema_versions smallint[],
                                         recorded_at timestamptz[],
                                         actor_ids text[],
                                         token_ids uuid[],
                                         request_ids uuid[],
                                         sources text[],
                                         data text[],
                                         sealed bytea[],
                                         subject_ids uuid[],
                                         new_subject_ids uuid[],
                                         new_wrapped_keys bytea[]) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    WITH new_keys AS (
        INSERT INTO eventstore.subject_keys (organization_id, subject_id, wrapped_key)
        SELECT append_events.organization_id, subject_id, wrapped_key
          FROM unnest(new_subject_ids, new_wrapped_keys) AS made (subject_id, wrapped_key)
    )
    INSERT INTO eventstore.events
           (organization_id, position, stream_id, version, event_id, type, schema_version, recorded_at,
            actor_id, token_id, request_id, source, data, sealed, subject_id)
    SELECT append_events.organization_id, "position", stream_id, version, event_id, type, schema_version, recorded_at,
           actor_id, token_id, request_id, source, data::json, sealed, subject_id
      FROM unnest(positions, stream_ids, versions, event_ids, types, schema_versions, append_events.recorded_at,
                  actor_ids, token_ids, request_ids, sources, append_events.data, append_events.sealed, subject_ids)
           AS appended ("position", stream_id, version, event_id, type, schema_version, recorded_at,
                        actor_id, token_id, request_id, source, data, sealed, subject_id);
END
$$;

REVOKE EXECUTE ON FUNCTION eventstore.append_events FROM PUBLIC;
GRANT EXECUTE ON FUNCTION eventstore.append_events TO scim_ledger_service;
