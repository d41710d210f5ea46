-- set_marks_from: record where the marks of a log begin, once.
-- $1 organization_id uuid
-- $2 marks_from bigint
UPDATE proof.logs
   SET marks_from = $2,
       is_found = false
 WHERE organization_id = $1
   AND (marks_from IS NULL OR is_found)
