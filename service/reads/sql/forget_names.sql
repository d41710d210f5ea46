-- forget_names: remove some sealed names from the reads of an organization.
-- $1 organization_id uuid
-- $2 sealed bytea[]
UPDATE service.audit_reads
   SET sealed_names = ARRAY(SELECT each
                              FROM unnest(sealed_names) AS each
                             WHERE each <> ALL ($2::bytea[]))
 WHERE organization_id = $1
   AND sealed_names && $2::bytea[]
