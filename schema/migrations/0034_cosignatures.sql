-- 0034: checkpoints that a witness cosigned: somebody else, who saw each of them extend the one before, and says when.

CREATE TABLE proof.cosignatures (
    organization_id uuid        NOT NULL,
    incarnation     integer     NOT NULL,
    size            bigint      NOT NULL,
    witness         text        NOT NULL,                            -- The name of its key.
    note            text        NOT NULL,                            -- The checkpoint, with its lines and the witness's.
    cosigned_at     timestamptz NOT NULL,                            -- By the clock of the witness.
    stored_at       timestamptz NOT NULL DEFAULT clock_timestamp(),  -- By ours.
    CONSTRAINT cosignatures_pkey PRIMARY KEY (organization_id, incarnation, size, witness)
);

CREATE TRIGGER cosignatures_never_change
    BEFORE UPDATE OR DELETE ON proof.cosignatures
    FOR EACH ROW EXECUTE FUNCTION proof.refuse_change();
CREATE TRIGGER cosignatures_never_vanish
    BEFORE TRUNCATE ON proof.cosignatures
    FOR EACH STATEMENT EXECUTE FUNCTION proof.refuse_change();
ALTER TABLE proof.cosignatures ENABLE ALWAYS TRIGGER cosignatures_never_change;
ALTER TABLE proof.cosignatures ENABLE ALWAYS TRIGGER cosignatures_never_vanish;

GRANT SELECT, INSERT ON proof.cosignatures TO scim_ledger_service;
