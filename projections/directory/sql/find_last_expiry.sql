-- find_last_expiry: of the tokens that are neither revoked nor expired: their number, how many never expire, and when
-- the last of the others does.
SELECT count(*), count(*) FILTER (WHERE expires_at IS NULL), max(expires_at)
  FROM directory.tokens
 WHERE revoked_at IS NULL
   AND (expires_at IS NULL OR expires_at > now())
