-- add_operator_token: a new token of an operator.
-- $1 id uuid
-- $2 token_hash text
-- $3 label text
-- $4 created_by text
-- $5 created_at timestamptz
-- $6 expires_at timestamptz: NULL for never
INSERT INTO service.operator_tokens (id, token_hash, label, created_by, created_at, expires_at)
VALUES ($1, $2, $3, $4, $5, $6)
