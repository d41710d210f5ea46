"""Read models: events become tables, tables answer reads.

`directory` is written in the transaction of the append, so that a client reads what it has just
written. `rows.py` turns a state into a row, `load.py` a row into a state, `save.py` writes rows,
`read.py` answers SCIM's queries. It knows events and tables, and nothing of HTTP.
"""
