-- find_database: the name and the oid of this database, and the account of this session.
SELECT datname::text AS name, oid, current_user::text AS account
  FROM pg_database
 WHERE datname = current_database()
