-- load_keys_of_log: the wrapped keys of subjects of one log; no row for one whose key was destroyed.
-- $1 organization_id uuid
-- $2 subject_ids uuid[]
SELECT subject_id, wrapped_key
  FROM eventstore.subject_keys
 WHERE organization_id = $1
   AND subject_id = ANY($2::uuid[])
