-- find_cosigned: the newest checkpoint of an incarnation that a witness cosigned.
-- $1 organization_id uuid
-- $2 incarnation integer
-- $3 witness text
SELECT note, size, cosigned_at, stored_at
  FROM proof.cosignatures
 WHERE organization_id = $1
   AND incarnation = $2
   AND witness = $3
 ORDER BY size DESC
 LIMIT 1
