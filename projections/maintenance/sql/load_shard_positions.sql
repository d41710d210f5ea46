-- load_shard_positions: up to where the shards of a schema have each log.
-- $1 schema_name text
SELECT organization_id, max(position)
  FROM projections.shards
 WHERE schema_name = $1
 GROUP BY organization_id
