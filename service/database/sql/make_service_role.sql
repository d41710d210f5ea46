-- make_service_role: make the role of the service and let this account SET ROLE to it, as migration 0001 does.
-- Roles belong to the whole cluster: the dump of a database does not contain them.
DO $$
DECLARE
    can_become constant text := CASE WHEN current_setting('server_version_num')::integer >= 160000
                                     THEN 'SET' ELSE 'MEMBER' END;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'scim_ledger_service') THEN
        BEGIN
            CREATE ROLE scim_ledger_service NOLOGIN;
        EXCEPTION
            WHEN duplicate_object OR unique_violation THEN NULL;  -- Another session was faster.
            WHEN insufficient_privilege THEN
                RAISE EXCEPTION 'The role scim_ledger_service is missing and % may not create it.', current_user
                      USING ERRCODE = 'insufficient_privilege',
                            HINT = format('A database administrator runs once: CREATE ROLE scim_ledger_service '
                                          'NOLOGIN; GRANT scim_ledger_service TO %I;', current_user);
        END;
    END IF;
    IF NOT pg_has_role(current_user, 'scim_ledger_service', can_become) THEN
        BEGIN
            EXECUTE format('GRANT scim_ledger_service TO %I', current_user);
        EXCEPTION
            WHEN insufficient_privilege THEN
                RAISE EXCEPTION '% may not become scim_ledger_service.', current_user
                      USING ERRCODE = 'insufficient_privilege',
                            HINT = format('A database administrator runs once: GRANT scim_ledger_service TO %I;',
                                          current_user);
        END;
    END IF;
END
$$
