-- load_builds: of which revision the tables of each schema are, and when they were built.
SELECT schema_name, revision, built_at
  FROM projections.builds
