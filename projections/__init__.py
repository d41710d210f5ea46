"""Read models: events become tables, and tables answer reads.

`registry.py` lists the projections. `directory` is written in the transaction of the append, so that a
client reads what it has just written; `history` is written by a follower moments later (`followers`).
`fold.py` and `table_rows.py` are shared by all projections. `rebuild` makes tables anew, `verify` compares
them with the log, `maintenance` knows which tables exist and who built them.
It knows events and tables, and nothing of HTTP or of the command line. Begin with `registry.py`.
"""
