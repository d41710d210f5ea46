-- count_shards: how many shards a schema has, how many must still be loaded and verified, and the number of events
-- of all, of the loaded and of the verified ones.
-- $1 schema_name text
SELECT count(*),
       count(*) FILTER (WHERE mark IS NULL),
       count(*) FILTER (WHERE verified_at IS NULL),
       coalesce(sum(events), 0)::bigint,
       coalesce(sum(events) FILTER (WHERE mark IS NOT NULL), 0)::bigint,
       coalesce(sum(events) FILTER (WHERE verified_at IS NOT NULL), 0)::bigint
  FROM projections.shards
 WHERE schema_name = $1
