-- read_staged_keys: the staged keys of persons.
SELECT organization_id, subject_id, wrapped_key, created_at
  FROM staged_subject_keys
