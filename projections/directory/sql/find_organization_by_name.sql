-- find_organization_by_name: the organization of a folded name.
-- $1 name_key text
SELECT organization_id, version, created_at, name, roles, schemas, settings, suspended_at,
       suspension_reason, role_groups
  FROM directory.organizations
 WHERE name_key = $1
