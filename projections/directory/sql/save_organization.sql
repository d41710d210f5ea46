-- save_organization: insert or overwrite an organization.
-- $1 organization_id uuid
-- $2 version bigint
-- $3 created_at timestamptz
-- $4 name text
-- $5 name_key text
-- $6 roles json
-- $7 schemas json
-- $8 settings json
-- $9 suspended_at timestamptz
-- $10 suspension_reason text
INSERT INTO directory.organizations
       (organization_id, version, created_at, name, name_key, roles, schemas, settings,
        suspended_at, suspension_reason)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
    ON CONFLICT ON CONSTRAINT organizations_pkey
    DO UPDATE
   SET version = excluded.version,
       name = excluded.name,
       name_key = excluded.name_key,
       roles = excluded.roles,
       schemas = excluded.schemas,
       settings = excluded.settings,
       suspended_at = excluded.suspended_at,
       suspension_reason = excluded.suspension_reason
