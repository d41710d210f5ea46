-- list_organizations: all organizations, oldest first.
  SELECT organization_id, version, created_at, name, roles, schemas, settings, suspended_at,
         suspension_reason, role_groups
    FROM directory.organizations
ORDER BY created_at, organization_id
