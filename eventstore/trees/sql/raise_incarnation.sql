-- raise_incarnation: begin a new incarnation of a log. No row means that another process was faster.
-- $1 organization_id uuid
-- $2 incarnation integer: the former one
-- $3 size bigint
-- $4 root bytea
-- $5 note text
-- $6 signed_at timestamptz
-- $7 restored_at bigint: the position of the event that declares it
-- $8 from bigint: the former size
UPDATE proof.logs
   SET incarnation = incarnation + 1,
       size = $3,
       root = $4,
       note = $5,
       signed_at = $6,
       kept_size = $3,
       kept_at = $6,
       restored_at = restored_at || $7::bigint
 WHERE organization_id = $1
   AND incarnation = $2
   AND size = $8
RETURNING organization_id
