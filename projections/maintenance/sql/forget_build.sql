-- forget_build: forget all of a schema: what it was built from, its shards, how far it has come, what waits.
-- $1 schema_name text
  WITH shards AS (
       DELETE FROM projections.shards
        WHERE schema_name = $1),
       reached AS (
       DELETE FROM projections.reached
        WHERE schema_name = $1),
       checkpoints AS (
       DELETE FROM followers.checkpoints
        WHERE projection = $1),
       parked AS (
       DELETE FROM followers.parked_streams
        WHERE projection = $1)
DELETE FROM projections.builds
 WHERE schema_name = $1
