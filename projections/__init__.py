"""Read models: events become tables, and tables answer reads.

`registry.py` lists the projections. `directory` is written in the transaction of the append: a client reads
what it has just written. `history` is written moments later by a follower (`followers`),
and so is `versions`, from which the directory is read as it was.
All projections share `fold.py` and `table_rows.py`. `rebuild` fills new tables from the log, `verify` compares
tables with the log, `erasure` removes people from all tables, `maintenance` knows which tables exist and who built them.
This package knows events and tables, and nothing of HTTP or the command line. Begin with `registry.py`.
"""
