-- find_witness: the setting of an organization that says who cosigns its log; NULL: nobody.
-- $1 organization_id uuid
SELECT settings->'witness' AS witness
  FROM directory.organizations
 WHERE organization_id = $1
