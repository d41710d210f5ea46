-- revoke_operator_token: end a token of an operator; return whether it was not revoked before. No row: there is none.
-- $1 id uuid
UPDATE service.operator_tokens AS changed
   SET revoked_at = coalesce(changed.revoked_at, now())
  FROM service.operator_tokens AS former
 WHERE changed.id = $1
   AND former.id = $1
RETURNING former.revoked_at IS NULL AS is_new
