-- save_client: insert an OAuth client, or overwrite what changes of it.
-- $1 organization_id uuid
-- $2 id uuid
-- $3 account_id uuid
-- $4 label text
-- $5 kind text
-- $6 scopes text[]
-- $7 issuer text
-- $8 subjects text[]
-- $9 audiences text[]
-- $10 created_at timestamptz
-- $11 revoked_at timestamptz
-- $12 secrets json
INSERT INTO directory.clients
       (organization_id, id, account_id, label, kind, scopes, issuer, subjects, audiences,
        created_at, revoked_at, secrets)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
    ON CONFLICT ON CONSTRAINT clients_pkey
    DO UPDATE
   SET subjects = excluded.subjects,
       audiences = excluded.audiences,
       revoked_at = excluded.revoked_at,
       secrets = excluded.secrets
