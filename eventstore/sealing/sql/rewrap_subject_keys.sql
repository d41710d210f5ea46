-- rewrap_subject_keys: replace wrapped keys that are still as they were read. One element of each array per key.
-- $1 organization_ids uuid[]
-- $2 subject_ids uuid[]
-- $3 former_wrapped_keys bytea[]
-- $4 wrapped_keys bytea[]
UPDATE eventstore.subject_keys
   SET wrapped_key = rewrapped.wrapped_key
  FROM unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::bytea[])
       AS rewrapped (organization_id, subject_id, former_wrapped_key, wrapped_key)
 WHERE subject_keys.organization_id = rewrapped.organization_id
   AND subject_keys.subject_id = rewrapped.subject_id
   AND subject_keys.wrapped_key = rewrapped.former_wrapped_key
