-- end_shard_load: note that a shard is loaded.
-- $1 schema_name text
-- $2 number integer
-- $3 mark bigint: the sum of the marks of its rows
-- $4 events bigint: as counted
UPDATE projections.shards
   SET mark = $3,
       events = $4
 WHERE schema_name = $1
   AND number = $2
