-- add_shards: record the shards to load. One element of each array per shard.
-- $1 schema_name text
-- $2 organization_ids uuid[]
-- $3 first_stream_ids uuid[]
-- $4 last_stream_ids uuid[]
-- $5 positions bigint[]
-- $6 events bigint[]
INSERT INTO projections.shards
       (schema_name, number, organization_id, first_stream_id, last_stream_id, position, events)
SELECT $1, number, organization_id, first_stream_id, last_stream_id, "position", events
  FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::bigint[], $6::bigint[])
       WITH ORDINALITY
       AS planned (organization_id, first_stream_id, last_stream_id, "position", events, number)
