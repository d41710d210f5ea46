-- find_incomplete_logs: the logs whose shards have not as many events as the log has positions.
-- $1 schema_name text
SELECT organization_id
  FROM projections.shards
 WHERE schema_name = $1
 GROUP BY organization_id
HAVING sum(events) <> max(position)
