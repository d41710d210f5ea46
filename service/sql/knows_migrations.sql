-- knows_migrations: whether the database has had a migration yet.
-- Read from the catalog: what to_regclass has not found once, it may not find after a wait for a lock, either.
SELECT EXISTS (SELECT
                 FROM pg_tables
                WHERE schemaname = 'service'
                  AND tablename = 'schema_migrations')
