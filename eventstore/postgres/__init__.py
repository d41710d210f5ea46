"""What every statement against Postgres needs, whoever sends it.

`connection.py` names what runs statements, `statements.py` loads their text, `pool.py` borrows and caches
connections for a bounded time, `outages.py` says what a driver's error means.
It knows Postgres and its driver, and nothing of events, projections or HTTP. Begin with `outages.py`.
"""
