-- find_fitness: the properties of the database and the session that decide whether the service can write.
SELECT current_database() AS database,
       session_user AS login,
       current_setting('server_encoding') AS encoding,
       pg_is_in_recovery() AS is_standby,
       current_setting('transaction_read_only')::boolean AS is_read_only,
       current_setting('transaction_isolation') AS isolation
