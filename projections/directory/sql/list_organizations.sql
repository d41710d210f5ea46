-- list_organizations: all organizations, oldest first.
  SELECT organization_id, version, created_at, name, roles, schemas, settings, suspended_at,
         suspension_reason
    FROM directory.organizations
ORDER BY created_at, organization_id
