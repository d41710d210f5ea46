-- load_migrations: the migrations that the database has had.
SELECT number, checksum
  FROM service.schema_migrations
