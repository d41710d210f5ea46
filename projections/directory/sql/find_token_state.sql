-- find_token_state: what stands behind a bearer token now. No row means that the token is unknown.
-- $1 jti_hash text
SELECT tokens.id AS token_id, tokens.account_id, tokens.revoked_at, tokens.expires_at,
       tokens.allowed_networks,
       users.active, users.role_id,
       organizations.organization_id, organizations.version, organizations.created_at,
       organizations.name, organizations.roles, organizations.schemas,
       organizations.settings, organizations.suspended_at, organizations.suspension_reason,
       organizations.role_groups
  FROM directory.tokens
  JOIN directory.organizations
    ON organizations.organization_id = tokens.organization_id
  LEFT JOIN directory.users
    ON users.organization_id = tokens.organization_id
   AND users.id = tokens.account_id
 WHERE tokens.jti_hash = $1
