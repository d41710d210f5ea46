-- forget_reached: delete the recorded positions of a schema, because it is written inline from now on.
-- $1 schema_name text
DELETE FROM projections.reached
 WHERE schema_name = $1
