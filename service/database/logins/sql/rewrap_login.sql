-- rewrap_login: replace the sealed form of a password.
-- $1 name text
-- $2 sealed_password bytea
UPDATE service.logins
   SET sealed_password = $2
 WHERE name = $1
