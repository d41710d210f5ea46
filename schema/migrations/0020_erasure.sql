-- 0020: erasing a person: the one way in which the service destroys a key.

-- Who was erased, as of the last event that says so. It names no person, and a log dump carries it.
CREATE TABLE eventstore.erased_subjects (
    organization_id uuid        NOT NULL,
    subject_id      uuid        NOT NULL,
    position        bigint      NOT NULL,  -- Of UserErased.
    erased_at       timestamptz NOT NULL,
    CONSTRAINT erased_subjects_pkey PRIMARY KEY (organization_id, subject_id)
);

-- The service may not delete keys. This function may, with the rights of the log's owner, if the same transaction has
-- appended the event that says so: no key vanishes without its reason in the log.
CREATE FUNCTION eventstore.erase_subject(organization_id uuid, subject_id uuid,
                                         OUT "position" bigint, OUT erased_at timestamptz, OUT had_key boolean)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    SELECT events.position, events.recorded_at
      INTO erase_subject.position, erase_subject.erased_at
      FROM eventstore.events
     WHERE events.organization_id = erase_subject.organization_id
       AND events.stream_id = erase_subject.subject_id
       AND events.type = 'UserErased'
       AND events.xmin = pg_current_xact_id()::xid
     ORDER BY events.version DESC
     LIMIT 1;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'No UserErased of subject % was appended in this transaction.', erase_subject.subject_id
              USING ERRCODE = 'restrict_violation', CONSTRAINT = 'keys_go_with_an_event',
                    SCHEMA = 'eventstore', TABLE = 'subject_keys';
    END IF;
    DELETE FROM eventstore.subject_keys
     WHERE subject_keys.organization_id = erase_subject.organization_id
       AND subject_keys.subject_id = erase_subject.subject_id;
    had_key := FOUND;
    INSERT INTO eventstore.erased_subjects AS former (organization_id, subject_id, position, erased_at)
    VALUES (erase_subject.organization_id, erase_subject.subject_id, erase_subject.position, erase_subject.erased_at)
        ON CONFLICT ON CONSTRAINT erased_subjects_pkey
        DO UPDATE
       SET position = excluded.position,
           erased_at = excluded.erased_at;
END
$$;

REVOKE EXECUTE ON FUNCTION eventstore.erase_subject FROM PUBLIC;
GRANT EXECUTE ON FUNCTION eventstore.erase_subject TO scim_ledger_service;
GRANT SELECT ON eventstore.erased_subjects TO scim_ledger_service;
