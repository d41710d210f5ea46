-- load_witnesses: the setting of each organization whose log somebody else cosigns.
SELECT organization_id, settings->'witness' AS witness
  FROM directory.organizations
 WHERE json_typeof(settings->'witness') = 'object'
