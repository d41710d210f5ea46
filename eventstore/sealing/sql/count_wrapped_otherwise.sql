-- count_wrapped_otherwise: how many keys of subjects another master key has wrapped.
-- $1 key_id bytea: of the master key that wraps now
-- $2 wrapped_bytes integer: the length of a key with such an id
SELECT count(*)
  FROM eventstore.subject_keys
 WHERE octet_length(wrapped_key) <> $2::integer
    OR substr(wrapped_key, 1, 4) <> $1::bytea
