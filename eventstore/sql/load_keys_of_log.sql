-- load_keys_of_log: the wrapped keys of subjects of one log. A subject whose key was destroyed has no row.
-- $1 organization_id uuid
-- $2 subject_ids uuid[]
SELECT subject_id, wrapped_key
  FROM eventstore.subject_keys
 WHERE organization_id = $1
   AND subject_id = ANY($2::uuid[])
