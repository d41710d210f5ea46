-- load_tokens: all tokens of an organization, oldest first.
-- $1 organization_id uuid
  SELECT id, jti_hash, account_id, label, scope, issued_at, expires_at, revoked_at, allowed_networks
    FROM tokens
   WHERE organization_id = $1
ORDER BY issued_at, id
