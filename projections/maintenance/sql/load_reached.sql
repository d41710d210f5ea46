-- load_reached: up to where a schema has each log.
-- $1 schema_name text
SELECT organization_id, position
  FROM projections.reached
 WHERE schema_name = $1
