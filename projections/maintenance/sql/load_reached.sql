-- load_reached: the recorded position up to which a schema contains each log.
-- $1 schema_name text
SELECT organization_id, position
  FROM projections.reached
 WHERE schema_name = $1
