-- save_token: insert or overwrite a token.
-- $1 organization_id uuid
-- $2 id uuid
-- $3 jti_hash text
-- $4 account_id uuid
-- $5 label text
-- $6 scope text
-- $7 issued_at timestamptz
-- $8 expires_at timestamptz
-- $9 revoked_at timestamptz
-- $10 allowed_networks text[]
INSERT INTO directory.tokens
       (organization_id, id, jti_hash, account_id, label, scope, issued_at, expires_at, revoked_at,
        allowed_networks)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
    ON CONFLICT ON CONSTRAINT tokens_pkey
    DO UPDATE
   SET expires_at = excluded.expires_at,
       revoked_at = excluded.revoked_at
