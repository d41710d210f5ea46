-- load_shard_positions: the position up to which the shards of a schema contain each log.
-- $1 schema_name text
SELECT organization_id, max(position)
  FROM projections.shards
 WHERE schema_name = $1
 GROUP BY organization_id
