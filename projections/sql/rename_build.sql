-- rename_build: say that what was built under one name goes by another now.
-- $1 schema_name text
-- $2 new_name text
UPDATE projections.builds
   SET schema_name = $2
 WHERE schema_name = $1
