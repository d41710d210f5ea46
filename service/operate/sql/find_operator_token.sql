-- find_operator_token: what stands behind a token of an operator.
-- $1 token_hash text
SELECT id, label, created_by, created_at, expires_at, revoked_at
  FROM service.operator_tokens
 WHERE token_hash = $1
