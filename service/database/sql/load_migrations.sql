-- load_migrations: the migrations that were applied to this database.
SELECT number, checksum
  FROM service.schema_migrations
