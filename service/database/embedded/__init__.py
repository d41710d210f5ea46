"""An embedded PostgreSQL, for whoever has none: from a wheel, in the data directory.

`postgres.py` finds or makes the cluster, `server.py` starts and stops its process, `watch.py` starts it again
when it dies, `account.py` runs it under an account that Postgres accepts. Begin with `postgres.py`.
"""
