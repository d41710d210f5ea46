-- rewrap_secret: replace the wrapped form of a secret.
-- $1 name text
-- $2 wrapped_secret bytea
UPDATE service.secrets
   SET wrapped_secret = $2
 WHERE name = $1
