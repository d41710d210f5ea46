-- rewrap_mark_key: replace the wrapped form of the key of the marks.
-- $1 wrapped_key bytea
UPDATE proof.mark_keys
   SET wrapped_key = $1
