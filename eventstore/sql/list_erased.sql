-- list_erased: the subjects of an organization that were erased, the last one first.
-- $1 organization_id uuid
-- $2 before bigint: only those whose event has a smaller position; NULL for all
-- $3 at_most bigint
SELECT subject_id, position, erased_at
  FROM eventstore.erased_subjects
 WHERE organization_id = $1
   AND ($2::bigint IS NULL OR position < $2)
 ORDER BY position DESC
 LIMIT $3
