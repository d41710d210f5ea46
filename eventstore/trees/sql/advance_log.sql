-- advance_log: extend a tree, and keep its row locked. No row means that another process was faster.
-- $1 organization_id uuid
-- $2 incarnation integer
-- $3 from bigint
-- $4 to bigint
-- $5 root bytea
-- $6 note text: NULL leaves it unsigned
-- $7 signed_at timestamptz
-- $8 is_kept boolean: the checkpoint is also kept
UPDATE proof.logs
   SET size = $4,
       root = $5,
       note = $6,
       signed_at = $7,
       kept_size = CASE WHEN $8 THEN $4 ELSE kept_size END,
       kept_at = CASE WHEN $8 THEN $7 ELSE kept_at END
 WHERE organization_id = $1
   AND incarnation = $2
   AND size = $3
RETURNING organization_id
