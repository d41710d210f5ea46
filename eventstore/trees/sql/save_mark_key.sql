-- save_mark_key: store the key of the marks.
-- $1 wrapped_key bytea
INSERT INTO proof.mark_keys (number, wrapped_key)
VALUES (1, $1)
