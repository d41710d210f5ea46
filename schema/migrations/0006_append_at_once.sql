-- 0006: appending in one statement, decided before anything is locked, where nobody else writes to the log meanwhile.

-- Takes what lock_log takes, or raises lock_not_available where it would have to wait: whoever holds it is likely to
-- move the tail, or the table. The statement that calls this was planned before that: a swap of the projection may have
-- come between, and `written` be no longer the table that serves under this name. That is looked up by a statement of
-- its own, since its snapshot must be taken after the lock. That the tail is where the caller saw it, the primary key tells.
CREATE FUNCTION eventstore.try_lock_log(organization_id uuid, written oid, schema_name text, table_name text)
RETURNS boolean
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'An append needs a transaction that is READ COMMITTED.'
              USING ERRCODE = 'invalid_transaction_state';
    END IF;
    IF pg_try_advisory_xact_lock_shared(23578, 1)
       AND pg_try_advisory_xact_lock(uuid_hash_extended(try_lock_log.organization_id, 0)) THEN
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
