-- find_incomplete_logs: the logs whose shards do not have as many events as the log has positions.
-- $1 schema_name text
SELECT organization_id
  FROM projections.shards
 WHERE schema_name = $1
 GROUP BY organization_id
HAVING sum(events) <> max(position)
