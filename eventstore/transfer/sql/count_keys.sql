-- count_keys: how many persons of an organization have a key.
-- $1 organization_id uuid
SELECT count(*)
  FROM eventstore.subject_keys
 WHERE organization_id = $1
