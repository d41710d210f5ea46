-- claim_shard_to_verify: a shard that nobody verifies, locked until the transaction ends. No row means that none is left.
-- $1 schema_name text
SELECT number, organization_id, first_stream_id, last_stream_id, position, mark
  FROM projections.shards
 WHERE schema_name = $1
   AND verified_at IS NULL
 ORDER BY events DESC, number
 LIMIT 1
   FOR UPDATE SKIP LOCKED
