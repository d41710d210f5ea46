-- load_clients: all OAuth clients of an organization, oldest first.
-- $1 organization_id uuid
  SELECT id, account_id, label, kind, scopes, issuer, subjects, audiences, created_at, revoked_at, secrets
    FROM clients
   WHERE organization_id = $1
ORDER BY created_at, id
