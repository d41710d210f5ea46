"""An embedded PostgreSQL, for installations that have none: from a wheel, in the data folder.

`postgres.py` starts, joins and leaves the server of a data folder, `server.py` makes its files and starts and
stops its process, `process.py` finds its processes, `socket.py` chooses where it listens, `account.py` runs it
under an account that PostgreSQL accepts, `superuser.py` has its password and says who may connect, `watch.py`
starts it again if it dies.
It knows nothing of what is stored. Begin with `postgres.py`.
"""
