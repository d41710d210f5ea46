"""Rebuild a projection beside the tables that serve, and swap.

`rebuild.py` is the order of the steps. `workers.py` starts processes, `load.py` folds shards in them,
`tables.py` makes tables and indexes, `checksum.py` sums rows, `check.py` compares, `catch_up.py` folds what
was appended meanwhile, `swap.py` renames schemas. `disk.py` looks for room first, `priority.py` lets requests
go first. A rebuild may be killed at any moment and goes on from there. Begin with `rebuild.py`.
"""
