-- load_keys_of_organization: the keys of all persons of an organization.
-- $1 organization_id uuid
SELECT subject_id, wrapped_key, created_at
  FROM eventstore.subject_keys
 WHERE organization_id = $1
 ORDER BY subject_id
