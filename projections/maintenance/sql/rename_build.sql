-- rename_build: rename the records of a schema: its build, its checkpoints and its parked streams.
-- $1 schema_name text
-- $2 new_name text
  WITH checkpoints AS (
       UPDATE followers.checkpoints
          SET projection = $2
        WHERE projection = $1),
       parked AS (
       UPDATE followers.parked_streams
          SET projection = $2
        WHERE projection = $1)
UPDATE projections.builds
   SET schema_name = $2
 WHERE schema_name = $1
