-- note_token_notices: note that tokens are announced to expire; those are returned that nobody has noted before.
-- One element of each array per announcement.
-- $1 token_ids uuid[]
-- $2 days smallint[]
-- $3 expires_at timestamptz[]
INSERT INTO service.token_notices (token_id, days, expires_at)
SELECT token_id, days, expires_at
  FROM unnest($1::uuid[], $2::smallint[], $3::timestamptz[]) AS due (token_id, days, expires_at)
    ON CONFLICT ON CONSTRAINT token_notices_pkey
    DO NOTHING
RETURNING token_id, days
