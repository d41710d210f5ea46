-- count_shards: how many shards a schema has, how many are to load and to verify, and the events of all and of those that are done.
-- $1 schema_name text
SELECT count(*),
       count(*) FILTER (WHERE mark IS NULL),
       count(*) FILTER (WHERE verified_at IS NULL),
       coalesce(sum(events), 0)::bigint,
       coalesce(sum(events) FILTER (WHERE mark IS NOT NULL), 0)::bigint,
       coalesce(sum(events) FILTER (WHERE verified_at IS NOT NULL), 0)::bigint
  FROM projections.shards
 WHERE schema_name = $1
