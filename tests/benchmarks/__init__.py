"""`make bench`: our service beside its peers, with the same requests and the same load tool.

`__main__.py` runs the rows of the table, `report.py` prints them. A row is a module that says what
must be reached: `writes.py`, `reads.py`, `groups.py`, `appends.py`, `rebuilds.py`, `stalls.py`, `processes.py`,
`memory.py`, `proofs.py`, `past.py`. What is measured runs in processes of its own: `servers.py` starts the services,
`peers.py` installs theirs, `load.py` sends the requests, `raw.py` writes to Postgres without us.
Rounds of the systems take turns (`rounds.py`), so that a machine that slows down slows all of them.
"""
