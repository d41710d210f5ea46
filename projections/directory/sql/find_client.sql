-- find_client: an OAuth client of any organization. No row means that the client is unknown.
-- $1 id uuid
SELECT id, account_id, label, kind, scopes, issuer, subjects, audiences, created_at, revoked_at, secrets
  FROM directory.clients
 WHERE id = $1
