-- forget_reached: forget up to where a schema has the logs, as it is written inline from now on.
-- $1 schema_name text
DELETE FROM projections.reached
 WHERE schema_name = $1
