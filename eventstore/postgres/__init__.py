"""What every statement against Postgres needs, in whatever package it is.

`database_url.py` reads a URL, `session.py` connects with our settings, `hosts.py` chooses among several servers,
`replica.py` reads from a replica, `connection.py` names the type that runs statements, `statements.py` loads their
text, `unnamed.py` runs one that is planned for its values, `pool.py` borrows connections and caches them for a
short time, `copying.py` writes many rows, `outages.py` says what a driver's error means.
It knows Postgres and its driver, and nothing of events, projections or HTTP. Begin with `outages.py`.
"""
