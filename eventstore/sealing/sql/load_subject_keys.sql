-- load_subject_keys: the wrapped keys of subjects. A subject whose key was destroyed or never made has no row.
-- $1 organization_ids uuid[]
-- $2 subject_ids uuid[]: each in the organization of the same index
SELECT subject_keys.organization_id, subject_keys.subject_id, subject_keys.wrapped_key
  FROM unnest($1::uuid[], $2::uuid[]) AS wanted (organization_id, subject_id)
  JOIN eventstore.subject_keys
    ON subject_keys.organization_id = wanted.organization_id
   AND subject_keys.subject_id = wanted.subject_id
