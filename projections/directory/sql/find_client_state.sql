-- find_client_state: what stands behind an access token of an OAuth client now. No row means that the client is unknown.
-- $1 id uuid
SELECT clients.id AS token_id, clients.account_id, clients.revoked_at,
       NULL::timestamptz AS expires_at, '{}'::text[] AS allowed_networks,
       users.active, users.role_id,
       organizations.organization_id, organizations.version, organizations.created_at,
       organizations.name, organizations.roles, organizations.schemas,
       organizations.settings, organizations.suspended_at, organizations.suspension_reason,
       organizations.role_groups
  FROM directory.clients
  JOIN directory.organizations
    ON organizations.organization_id = clients.organization_id
  LEFT JOIN directory.users
    ON users.organization_id = clients.organization_id
   AND users.id = clients.account_id
 WHERE clients.id = $1
