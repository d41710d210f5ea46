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
INSERT INTO directory.tokens
       (organization_id, id, jti_hash, account_id, label, scope, issued_at, expires_at, revoked_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    ON CONFLICT ON CONSTRAINT tokens_pkey
    DO UPDATE
   SET revoked_at = excluded.revoked_at
