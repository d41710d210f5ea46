-- forget_shards: forget the shards that a schema was loaded in.
-- $1 schema_name text
DELETE FROM projections.shards
 WHERE schema_name = $1
