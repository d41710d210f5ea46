-- forget_build: delete all records of a schema: its build, its shards, its positions, its parked streams.
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
