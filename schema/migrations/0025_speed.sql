-- 0025: one statement appends to the logs of several organizations.

DROP FUNCTION eventstore.append_events(uuid, bigint[], uuid[], bigint[], uuid[], text[], smallint[], timestamptz[],
                                       text[], uuid[], uuid[], text[], text[], bytea[], uuid[], bytea[], uuid[], bytea[]);

-- As in 0017, and for several logs: each event and each new subject names its organization. What is not of one of `logs`
-- is left out: their caller holds the locks of these.
CREATE FUNCTION eventstore.append_events(logs uuid[],
                                         organization_ids uuid[],
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
                                         marks bytea[],
                                         new_subject_organization_ids uuid[],
                                         new_subject_ids uuid[],
                                         new_wrapped_keys bytea[]) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    WITH new_keys AS (
        INSERT INTO eventstore.subject_keys (organization_id, subject_id, wrapped_key)
        SELECT organization_id, subject_id, wrapped_key
          FROM unnest(new_subject_organization_ids, new_subject_ids, new_wrapped_keys)
               AS made (organization_id, subject_id, wrapped_key)
         WHERE organization_id = ANY(logs)
    )
    INSERT INTO eventstore.events
           (organization_id, position, stream_id, version, event_id, type, schema_version, recorded_at,
            actor_id, token_id, request_id, source, data, sealed, subject_id, mark)
    SELECT organization_id, "position", stream_id, version, event_id, type, schema_version, recorded_at,
           actor_id, token_id, request_id, source, data::json, sealed, subject_id, mark
      FROM unnest(organization_ids, positions, stream_ids, versions, event_ids, types, schema_versions,
                  append_events.recorded_at, actor_ids, token_ids, request_ids, sources, append_events.data,
                  append_events.sealed, subject_ids, marks)
           AS appended (organization_id, "position", stream_id, version, event_id, type, schema_version, recorded_at,
                        actor_id, token_id, request_id, source, data, sealed, subject_id, mark)
     WHERE organization_id = ANY(logs);
    IF 1 = ANY(positions) THEN  -- The first event of a log also begins its tree.
        INSERT INTO proof.logs (organization_id, marks_from)
        SELECT organization_id, CASE WHEN mark IS NOT NULL THEN 1 END
          FROM unnest(organization_ids, positions, marks) AS appended (organization_id, "position", mark)
         WHERE "position" = 1
           AND organization_id = ANY(logs)
            ON CONFLICT ON CONSTRAINT logs_pkey DO NOTHING;
    END IF;
END
$$;

REVOKE EXECUTE ON FUNCTION eventstore.append_events FROM PUBLIC;
GRANT EXECUTE ON FUNCTION eventstore.append_events TO scim_ledger_service;

-- Takes what try_lock_log takes, and returns whether it has: false where that raises an error.
CREATE FUNCTION eventstore.can_lock_log(organization_id uuid, written oid, schema_name text, table_name text, tail bigint)
RETURNS boolean
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    IF NOT eventstore.take_log_lock(can_lock_log.organization_id, waits => false) THEN
        RETURN false;
    END IF;
    -- A statement of its own, for a snapshot taken after the lock.
    RETURN EXISTS (SELECT
                     FROM pg_catalog.pg_class
                     JOIN pg_catalog.pg_namespace
                       ON pg_namespace.oid = pg_class.relnamespace
                    WHERE pg_class.oid = written
                      AND pg_class.relname = table_name
                      AND pg_namespace.nspname = schema_name)
           AND NOT EXISTS (SELECT
                             FROM eventstore.events
                            WHERE events.organization_id = can_lock_log.organization_id
                              AND events.position = tail + 1);
END
$$;
