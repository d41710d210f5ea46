-- knows_builds: whether the database has a note of what was built.
SELECT to_regclass('projections.builds') IS NOT NULL
