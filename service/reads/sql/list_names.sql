-- list_names: the sealed names of the reads of an organization whose hour is not over.
-- $1 organization_id uuid
SELECT sealed_names
  FROM service.audit_reads
 WHERE organization_id = $1
   AND cardinality(sealed_names) > 0
