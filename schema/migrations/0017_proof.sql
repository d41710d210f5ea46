-- 0017: the proof of the log: a Merkle tree and signed checkpoints per organization, and a mark beside each event.
-- docs/explanation/proof.md explains them. The logs that are there are hashed after the upgrade, in batches.

CREATE SCHEMA proof;
COMMENT ON SCHEMA proof IS 'Made by scim-ledger.';

-- What only the service can write beside an event. It is no part of the leaf.
ALTER TABLE eventstore.events ADD COLUMN mark bytea;  -- NULL: written before marks, or past the service.

-- Tile t of level l holds the roots of the complete subtrees of 256^l leaves number 256·t to 256·t+255.
CREATE TABLE proof.tiles (
    organization_id uuid     NOT NULL,
    level           smallint NOT NULL,
    tile            bigint   NOT NULL,
    hashes          bytea    NOT NULL,
    CONSTRAINT tiles_pkey PRIMARY KEY (organization_id, level, tile),
    CONSTRAINT tiles_hold_whole_hashes CHECK (length(hashes) BETWEEN 32 AND 8192 AND length(hashes) % 32 = 0)
);
ALTER TABLE proof.tiles ALTER COLUMN hashes SET STORAGE EXTERNAL;  -- Hashes do not compress.

-- The newest checkpoint of each log, and how far its tree is.
CREATE TABLE proof.logs (
    organization_id uuid        NOT NULL,
    incarnation     integer     NOT NULL DEFAULT 1,     -- Grows by a declared restore only.
    size            bigint      NOT NULL DEFAULT 0,     -- Leaves in the tiles.
    root            bytea,                              -- NULL: the tree is empty.
    note            text,                               -- NULL: nothing is signed yet.
    signed_at       timestamptz,
    kept_size       bigint      NOT NULL DEFAULT 0,     -- Of the last row in checkpoints.
    kept_at         timestamptz,
    marks_from      bigint,                             -- The first event that must have a mark. NULL: not known yet.
    is_found        boolean     NOT NULL DEFAULT false, -- The log was there before its tree: ProofBegun will say so.
    restored_at     bigint[]    NOT NULL DEFAULT '{}',  -- Positions of the events that declare restores.
    checked_at      timestamptz,                        -- The last full check that found nothing.
    CONSTRAINT logs_pkey PRIMARY KEY (organization_id),
    CONSTRAINT logs_incarnation_from_1 CHECK (incarnation >= 1),
    CONSTRAINT logs_size_from_0 CHECK (size >= 0)
) WITH (fillfactor = 50);

-- Checkpoints that are kept: at most one a minute, and one after every 4,096 events.
CREATE TABLE proof.checkpoints (
    organization_id uuid        NOT NULL,
    incarnation     integer     NOT NULL,
    size            bigint      NOT NULL,
    note            text        NOT NULL,
    signed_at       timestamptz NOT NULL,
    CONSTRAINT checkpoints_pkey PRIMARY KEY (organization_id, incarnation, size)
);

-- The keys that sign checkpoints, one pair at a time for all logs. The service's role cannot write them.
CREATE TABLE proof.log_keys (
    number              integer     NOT NULL,
    public_key          bytea       NOT NULL,  -- Ed25519, raw.
    wrapped_private_key bytea,                 -- NULL: the key is retired, and its private part is gone.
    created_at          timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT log_keys_pkey PRIMARY KEY (number),
    CONSTRAINT log_keys_one_per_public_key UNIQUE (public_key)
);

-- Which key signs which sizes of which log.
CREATE TABLE proof.signers (
    organization_id uuid    NOT NULL,
    incarnation     integer NOT NULL,
    key_number      integer NOT NULL,
    from_size       bigint  NOT NULL,
    to_size         bigint,            -- NULL: it still signs.
    introduced_at   bigint,            -- The position of LogKeyChanged. NULL: it is the first key of this incarnation.
    CONSTRAINT signers_pkey PRIMARY KEY (organization_id, incarnation, key_number),
    CONSTRAINT signers_sign_with_a_key FOREIGN KEY (key_number) REFERENCES proof.log_keys (number)
);

-- The key of the marks. The service's role cannot write it.
CREATE TABLE proof.mark_keys (
    number      integer     NOT NULL,
    wrapped_key bytea       NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT mark_keys_pkey PRIMARY KEY (number),
    CONSTRAINT mark_keys_only_one CHECK (number = 1)
);

CREATE FUNCTION proof.refuse_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'What was signed is kept: % of proof.% is refused.', TG_OP, TG_TABLE_NAME
          USING ERRCODE = 'restrict_violation', CONSTRAINT = 'checkpoints_are_kept',
                SCHEMA = 'proof', TABLE = TG_TABLE_NAME;
END
$$;

CREATE FUNCTION proof.refuse_smaller() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'The tree of log % only grows: from size % in incarnation % to % in % is refused.',
                    OLD.organization_id, OLD.size, OLD.incarnation, NEW.size, NEW.incarnation
          USING ERRCODE = 'restrict_violation', CONSTRAINT = 'logs_only_grow',
                SCHEMA = 'proof', TABLE = 'logs';
END
$$;

CREATE TRIGGER checkpoints_never_change
    BEFORE UPDATE OR DELETE ON proof.checkpoints
    FOR EACH ROW EXECUTE FUNCTION proof.refuse_change();
CREATE TRIGGER checkpoints_never_vanish
    BEFORE TRUNCATE ON proof.checkpoints
    FOR EACH STATEMENT EXECUTE FUNCTION proof.refuse_change();
CREATE TRIGGER tiles_never_change_when_full
    BEFORE UPDATE ON proof.tiles
    FOR EACH ROW WHEN (length(OLD.hashes) = 8192 AND OLD IS DISTINCT FROM NEW)
    EXECUTE FUNCTION proof.refuse_change();
CREATE TRIGGER logs_only_grow
    BEFORE UPDATE ON proof.logs
    FOR EACH ROW WHEN (NEW.organization_id <> OLD.organization_id
                       OR (NEW.incarnation, NEW.size) < (OLD.incarnation, OLD.size)
                       OR (NEW.incarnation = OLD.incarnation AND NEW.size < OLD.size))
    EXECUTE FUNCTION proof.refuse_smaller();

-- ALWAYS: an ordinary trigger sleeps where session_replication_role is replica.
ALTER TABLE proof.checkpoints ENABLE ALWAYS TRIGGER checkpoints_never_change;
ALTER TABLE proof.checkpoints ENABLE ALWAYS TRIGGER checkpoints_never_vanish;
ALTER TABLE proof.tiles ENABLE ALWAYS TRIGGER tiles_never_change_when_full;
ALTER TABLE proof.logs ENABLE ALWAYS TRIGGER logs_only_grow;

-- The logs that are there. They are hashed by the service, and nothing proves what they were before.
WITH RECURSIVE found (organization_id) AS (
    (SELECT events.organization_id
       FROM eventstore.events
      ORDER BY events.organization_id
      LIMIT 1)
     UNION ALL
    SELECT (SELECT events.organization_id
              FROM eventstore.events
             WHERE events.organization_id > found.organization_id
             ORDER BY events.organization_id
             LIMIT 1)
      FROM found
     WHERE found.organization_id IS NOT NULL
)
INSERT INTO proof.logs (organization_id, is_found)
SELECT found.organization_id, true
  FROM found
 WHERE found.organization_id IS NOT NULL;

-- The append writes marks. The former function goes: what a service of the release before appended would look forged.
DROP FUNCTION eventstore.append_events(uuid, bigint[], uuid[], bigint[], uuid[], text[], smallint[], timestamptz[],
                                       text[], uuid[], uuid[], text[], text[], bytea[], uuid[], uuid[], bytea[]);

-- As in 0010. The first event of a log also begins its tree.
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
                                         marks bytea[],
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
            actor_id, token_id, request_id, source, data, sealed, subject_id, mark)
    SELECT append_events.organization_id, "position", stream_id, version, event_id, type, schema_version, recorded_at,
           actor_id, token_id, request_id, source, data::json, sealed, subject_id, mark
      FROM unnest(positions, stream_ids, versions, event_ids, types, schema_versions, append_events.recorded_at,
                  actor_ids, token_ids, request_ids, sources, append_events.data, append_events.sealed, subject_ids,
                  marks)
           AS appended ("position", stream_id, version, event_id, type, schema_version, recorded_at,
                        actor_id, token_id, request_id, source, data, sealed, subject_id, mark);
    IF positions[1] = 1 THEN
        INSERT INTO proof.logs (organization_id, marks_from)
        VALUES (append_events.organization_id, CASE WHEN marks[1] IS NOT NULL THEN 1 END)
            ON CONFLICT ON CONSTRAINT logs_pkey DO NOTHING;
    END IF;
END
$$;

REVOKE EXECUTE ON FUNCTION eventstore.append_events FROM PUBLIC;
GRANT EXECUTE ON FUNCTION eventstore.append_events TO scim_ledger_service;

GRANT USAGE ON SCHEMA proof TO scim_ledger_service;
GRANT SELECT, INSERT, UPDATE ON proof.tiles TO scim_ledger_service;
GRANT SELECT, UPDATE ON proof.logs TO scim_ledger_service;
GRANT SELECT, INSERT ON proof.checkpoints TO scim_ledger_service;
GRANT SELECT ON proof.log_keys TO scim_ledger_service;
GRANT SELECT, INSERT, UPDATE ON proof.signers TO scim_ledger_service;
GRANT SELECT ON proof.mark_keys TO scim_ledger_service;
