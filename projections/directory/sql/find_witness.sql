-- find_witness: the setting of an organization that says who cosigns its log. No row: nobody does.
-- $1 organization_id uuid
SELECT settings->'witness' AS witness
  FROM directory.organizations
 WHERE organization_id = $1
   AND json_typeof(settings->'witness') = 'object'
