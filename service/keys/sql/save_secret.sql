-- save_secret: store a new secret.
-- $1 name text
-- $2 wrapped_secret bytea
INSERT INTO service.secrets (name, wrapped_secret)
VALUES ($1, $2)
