-- load_organization: an organization by id. An unknown id has no row.
-- $1 organization_id uuid
SELECT organization_id, version, created_at, name, roles, schemas, settings, suspended_at,
       suspension_reason, role_groups
  FROM organizations
 WHERE organization_id = $1
