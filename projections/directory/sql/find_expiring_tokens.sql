-- find_expiring_tokens: the tokens that are not revoked and expire soon, the next one first.
-- $1 days integer
SELECT organization_id, id, account_id, expires_at
  FROM directory.tokens
 WHERE revoked_at IS NULL
   AND expires_at > now()
   AND expires_at <= now() + make_interval(days => $1)
 ORDER BY expires_at, id
