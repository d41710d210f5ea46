-- list_operator_tokens: all tokens of operators, oldest first.
SELECT id, label, created_by, created_at, expires_at, revoked_at
  FROM service.operator_tokens
 ORDER BY id
