"""Several processes of the service on one port: a parent that serves nothing, and workers that serve.

`parent.py` starts the workers, restarts those that die and replaces them one by one, `worker.py` is what the parent
and a worker agree on, `listening.py` opens the socket that all of them accept from, `totals.py` keeps the counters of
workers that have died. A worker is `scim-ledger serve` with a socket that it inherits.
It knows processes and sockets, and nothing of SCIM or Postgres. Begin with `parent.py`.
"""
