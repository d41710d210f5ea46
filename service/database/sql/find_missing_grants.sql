-- find_missing_grants: the rights that the service's role lacks, as GRANT names them; all if there is no such role.
-- $1 schemas text[]
-- $2 tables text[]
-- $3 rights text[]
-- $4 to_serve boolean: this login must have the role's rights; otherwise it must be able to take the role
WITH role AS (
    SELECT (SELECT pg_roles.oid FROM pg_roles WHERE pg_roles.rolname = 'scim_ledger_service') AS oid
), wanted AS (
    SELECT pg_namespace.oid AS schema_oid, pg_namespace.nspname AS schema_name,
           wanted.table_name, wanted.privilege
      FROM unnest($1::text[], $2::text[], $3::text[]) AS wanted (schema_name, table_name, privilege)
      JOIN pg_namespace
        ON pg_namespace.nspname = wanted.schema_name
), lacking AS (
    SELECT 0 AS rank, 'scim_ledger_service' AS missing
      FROM role
     WHERE role.oid IS NULL
        OR NOT pg_has_role(current_user, role.oid,
                           CASE WHEN $4 THEN 'USAGE'
                                WHEN current_setting('server_version_num')::integer >= 160000 THEN 'SET'
                                ELSE 'MEMBER'
                            END)
     UNION ALL
    SELECT DISTINCT 1, format('USAGE ON SCHEMA %I', wanted.schema_name)
      FROM wanted
     CROSS JOIN role
     WHERE role.oid IS NULL
        OR NOT has_schema_privilege(role.oid, wanted.schema_oid, 'USAGE')
     UNION ALL
    SELECT 2, format('%s ON TABLE %I.%I', wanted.privilege, wanted.schema_name, pg_class.relname)
      FROM wanted
     CROSS JOIN role
      JOIN pg_class
        ON pg_class.relnamespace = wanted.schema_oid
       AND pg_class.relkind IN ('r', 'p')
       AND pg_class.relname = wanted.table_name
     WHERE role.oid IS NULL
        OR NOT has_table_privilege(role.oid, pg_class.oid, wanted.privilege)
     UNION ALL
    SELECT 3, format('EXECUTE ON FUNCTION %I.%I(%s)', pg_namespace.nspname, pg_proc.proname,
                     pg_get_function_identity_arguments(pg_proc.oid))
      FROM pg_proc
      JOIN pg_namespace
        ON pg_namespace.oid = pg_proc.pronamespace
     CROSS JOIN role
     WHERE pg_namespace.nspname IN ('eventstore', 'projections', 'service')
       AND pg_proc.prorettype <> 'trigger'::regtype
       AND (role.oid IS NULL OR NOT has_function_privilege(role.oid, pg_proc.oid, 'EXECUTE'))
)
SELECT lacking.missing
  FROM lacking
 ORDER BY lacking.rank, lacking.missing
