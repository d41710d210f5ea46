-- load_wrapped_otherwise: keys of subjects that another master key has wrapped, in order, after a subject.
-- $1 after_organization_id uuid
-- $2 after_subject_id uuid
-- $3 key_id bytea: of the master key that wraps now, in front of what it has wrapped
-- $4 wrapped_bytes integer: the length of a key with such an id
-- $5 limit bigint
SELECT organization_id, subject_id, wrapped_key
  FROM eventstore.subject_keys
 WHERE (organization_id, subject_id) > ($1::uuid, $2::uuid)
   AND (octet_length(wrapped_key) <> $4::integer OR substr(wrapped_key, 1, 4) <> $3::bytea)
 ORDER BY organization_id, subject_id
 LIMIT $5
