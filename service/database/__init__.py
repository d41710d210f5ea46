"""How the service reaches Postgres: its own server or an embedded one.

`pool.py` opens connections with the rights of the service, `migrate.py` brings a database to this release's
shape, `master_key.py` finds the key that wraps all others, `embedded` runs a PostgreSQL of our own.
It knows nothing of events or requests. Begin with `pool.py`.
"""
