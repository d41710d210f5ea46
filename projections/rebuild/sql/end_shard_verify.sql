-- end_shard_verify: record that the rows of a shard were read back and are correct.
-- $1 schema_name text
-- $2 number integer
UPDATE projections.shards
   SET verified_at = clock_timestamp()
 WHERE schema_name = $1
   AND number = $2
