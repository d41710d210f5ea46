-- end_shard_load: record that a shard is loaded.
-- $1 schema_name text
-- $2 number integer
-- $3 checksum bigint: of all its rows
-- $4 events bigint: how many were read
UPDATE projections.shards
   SET mark = $3,
       events = $4
 WHERE schema_name = $1
   AND number = $2
