-- find_login: whose login this session has, and what it may do. Before the first migration nobody owns anything yet:
-- is_owner is then true, because only the owner can go on.
SELECT session_user::text AS login,
       coalesce((SELECT pg_has_role(session_user, nspowner, 'MEMBER')
                   FROM pg_namespace
                  WHERE nspname = 'service'), true) AS is_owner,
       coalesce((SELECT pg_has_role(session_user, pg_roles.oid, 'USAGE')
                   FROM pg_roles
                  WHERE rolname = 'scim_ledger_service'), false) AS may_serve,
       array_remove(ARRAY[CASE WHEN self.rolsuper THEN 'SUPERUSER' END,
                          CASE WHEN self.rolcreaterole THEN 'CREATEROLE' END,
                          CASE WHEN self.rolcreatedb THEN 'CREATEDB' END,
                          CASE WHEN self.rolreplication THEN 'REPLICATION' END,
                          CASE WHEN self.rolbypassrls THEN 'BYPASSRLS' END], NULL)
       || ARRAY(SELECT others.rolname::text
                  FROM pg_roles AS others
                 WHERE NOT self.rolsuper
                   AND others.rolname NOT IN (session_user, 'scim_ledger_service')
                   AND pg_has_role(session_user, others.oid, 'MEMBER')
                 ORDER BY others.rolname) AS can_do_more
  FROM pg_roles AS self
 WHERE self.rolname = session_user
