-- end_signer: let the other keys of a log sign nothing above a size.
-- $1 organization_id uuid
-- $2 incarnation integer
-- $3 key_number integer: the key that goes on
-- $4 to_size bigint
UPDATE proof.signers
   SET to_size = $4
 WHERE organization_id = $1
   AND incarnation = $2
   AND key_number <> $3
   AND to_size IS NULL
