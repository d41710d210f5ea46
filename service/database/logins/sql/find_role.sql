-- find_role: whether a role has the rights of the service; no row if there is no such role.
-- $1 name text
SELECT pg_has_role(oid, 'scim_ledger_service', 'USAGE') AS may_serve
  FROM pg_roles
 WHERE rolname = $1
