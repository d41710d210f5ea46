-- start_checkpoints: start the checkpoints of a schema at the positions of its shards.
-- $1 schema_name text
INSERT INTO followers.checkpoints (projection, organization_id, position)
SELECT schema_name, organization_id, max(position)
  FROM projections.shards
 WHERE schema_name = $1
 GROUP BY schema_name, organization_id
    ON CONFLICT ON CONSTRAINT checkpoints_pkey
    DO NOTHING
