-- count_organizations: how many organizations there are.
SELECT count(*)
  FROM directory.organizations
