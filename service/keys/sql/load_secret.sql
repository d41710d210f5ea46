-- load_secret: a secret of the installation, wrapped; no row if it was not made yet.
-- $1 name text
SELECT wrapped_secret
  FROM service.secrets
 WHERE name = $1
