-- knows_builds: whether the database has records of builds.
SELECT to_regclass('projections.builds') IS NOT NULL
