-- page_tokens: tokens of an organization, the latest first, with the accounts that they belong to.
-- $1 organization_id uuid
-- $2 before uuid: only tokens with a smaller id, or NULL
-- $3 limit bigint
-- $4 id uuid: only this token, or NULL
   SELECT tokens.id, tokens.jti_hash, tokens.account_id, tokens.label, tokens.scope, tokens.issued_at, tokens.expires_at,
          tokens.revoked_at, tokens.allowed_networks,
          users.id IS NOT NULL AS has_account, users.active, users.role_id, users.document->>'userName' AS user_name
     FROM directory.tokens
LEFT JOIN directory.users
       ON users.organization_id = tokens.organization_id
      AND users.id = tokens.account_id
    WHERE tokens.organization_id = $1
      AND ($2::uuid IS NULL OR tokens.id < $2)
      AND ($4::uuid IS NULL OR tokens.id = $4)
 ORDER BY tokens.id DESC
    LIMIT $3
