-- erase_subject: destroy the key of a subject whose UserErased this transaction has appended.
-- $1 organization_id uuid
-- $2 subject_id uuid
SELECT position, erased_at, had_key
  FROM eventstore.erase_subject($1, $2)
