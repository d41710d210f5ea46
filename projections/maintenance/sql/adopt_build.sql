-- adopt_build: note that the tables of a schema are what another revision would build, too; when they were built stays.
-- $1 schema_name text
-- $2 former revision integer
-- $3 revision integer
   UPDATE projections.builds
      SET revision = $3
    WHERE schema_name = $1
      AND revision = $2
RETURNING true
