-- load_cosigned: the checkpoints of a log that a witness cosigned, the oldest first.
-- $1 organization_id uuid
SELECT note
  FROM proof.cosignatures
 WHERE organization_id = $1
 ORDER BY incarnation, size, witness
