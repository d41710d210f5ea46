"""The two logins of a database: its owner's, to migrate and rebuild, and the service's, which owns nothing.

`given.py` finds out whose login a URL names. `stored.py` makes the service's login where only the owner's is
given: with a random password, sealed in the database and renewed in time. `provided.py` makes the one that
DATABASE_URL names, where the owner's is given apart. `session.py` connects as the service, and learns of a
new password. `scram.py` makes what Postgres keeps of a password.
It knows nothing of what the sessions do. Begin with `given.py`.
"""
