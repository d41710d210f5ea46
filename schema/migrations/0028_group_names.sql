-- 0028: the names of groups are sealed under a key of the organization. When its contract ends, this key is destroyed like
-- that of a person, by the transaction that appends OrganizationErased.

CREATE OR REPLACE FUNCTION eventstore.erase_subject(organization_id uuid, subject_id uuid,
                                                    OUT "position" bigint, OUT erased_at timestamptz, OUT had_key boolean)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    SELECT events.position, events.recorded_at
      INTO erase_subject.position, erase_subject.erased_at
      FROM eventstore.events
     WHERE events.organization_id = erase_subject.organization_id
       AND events.stream_id = erase_subject.subject_id
       AND events.type IN ('UserErased', 'OrganizationErased')
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
