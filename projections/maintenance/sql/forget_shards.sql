-- forget_shards: delete the record of the shards of a schema.
-- $1 schema_name text
DELETE FROM projections.shards
 WHERE schema_name = $1
