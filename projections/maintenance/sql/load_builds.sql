-- load_builds: which revision built the tables of each schema, and when.
SELECT schema_name, revision, built_at
  FROM projections.builds
