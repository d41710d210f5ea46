"""Rebuild a projection beside the tables that serve, and swap.

`rebuild.py` has the order of the steps. `workers.py` starts processes, and `load.py` folds shards in them.
`tables.py` makes tables and indexes, `binary.py` makes bytes of rows, `catch_up.py` folds what was appended meanwhile,
`proof.py` refuses a log that contradicts its checkpoints, `check.py` compares, `swap.py` renames schemas.
`disk.py` checks for space first, `priority.py` lets requests run first. A rebuild may be killed at any moment;
the next call goes on from there. Begin with `rebuild.py`.
"""
