"""How the service reaches Postgres, and what it needs there before it can work.

`pool.py` opens connections with the rights of the service. `migrate.py` brings a database to this release's
schema, with `fitness.py`, `made_names.py` and `grants.py` to check and repair what it finds. `master_key.py` finds
the key that wraps all others, `readiness.py` tries a write, `session_check.py` finds what a pooler drops, `address.py`
records where clients reach the service, `leasing.py` lets one process of all lead. `logins/` finds the owner's login
and the service's, `embedded/` runs a PostgreSQL of our own. It knows nothing of requests and appends no events.
Begin with `pool.py`.
"""
