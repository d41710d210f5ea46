-- knows_migrations: whether the database has had a migration yet.
SELECT to_regclass('service.schema_migrations') IS NOT NULL
