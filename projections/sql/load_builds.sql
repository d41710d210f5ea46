-- load_builds: what each schema was built from, and when.
SELECT schema_name, digest, built_at
  FROM projections.builds
