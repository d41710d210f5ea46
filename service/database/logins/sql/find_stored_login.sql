-- find_stored_login: the login of this database whose password is the newest, and whether the service can use it.
SELECT logins.name, logins.sealed_password,
       extract(epoch FROM clock_timestamp() - logins.renewed_at)::float8 AS age_s,
       coalesce(roles.rolcanlogin
                AND coalesce(roles.rolvaliduntil > clock_timestamp(), true)
                AND pg_has_role(roles.oid, 'scim_ledger_service', 'USAGE'), false) AS is_usable
  FROM service.logins
  LEFT JOIN pg_roles AS roles
    ON roles.rolname = logins.name
 WHERE logins.database_oid = (SELECT pg_database.oid FROM pg_database WHERE datname = current_database())
 ORDER BY logins.renewed_at DESC
 LIMIT 1
