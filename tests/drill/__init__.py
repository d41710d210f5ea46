"""`make drill`: kill the service and its database in every way, and count what was lost.

Clients (`clients.py`) provision without rest and write down in a ledger (`ledger.py`) what they sent
and how it was answered. A round (`rounds/`) breaks something under them: a process, the database, the
connection at its COMMIT, the disk, the clock. Then the judge (`judge.py`) compares the ledger with the log:
what was acknowledged is there, at the acknowledged place; nothing happened twice or by half.

`site.py` is where it takes place: an embedded Postgres, organizations, the processes of the service
(`process.py`), and a proxy (`proxy.py`) that cuts connections at a chosen moment. Begin with `__main__.py`.
"""
