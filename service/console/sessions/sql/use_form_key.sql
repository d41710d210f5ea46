-- use_form_key: use the key of a form up; no row if it was used before.
-- $1 session_id uuid
-- $2 key uuid
INSERT INTO service.console_form_keys (session_id, key)
VALUES ($1, $2)
    ON CONFLICT DO NOTHING
RETURNING true
