-- find_living: those of some persons who have a key.
-- $1 organization_id uuid
-- $2 subject_ids uuid[]
SELECT subject_id
  FROM eventstore.subject_keys
 WHERE organization_id = $1
   AND subject_id = ANY($2::uuid[])
 ORDER BY subject_id
