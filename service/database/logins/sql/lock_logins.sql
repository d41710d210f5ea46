-- lock_logins: wait for the turn to renew the service's login, until the transaction ends.
SELECT pg_advisory_xact_lock(23578, 5)
