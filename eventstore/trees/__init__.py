"""The tables of the proof: trees in tiles, checkpoints, the keys that sign them.

`logs.py` reads and writes how far a tree is, `keys.py` has the keys, `extend.py` extends a tree and signs it,
`restart.py` makes a tree anew from its log. `witnesses.py` gathers what a log is compared with, `check.py` compares
it: sizes, the tail, or everything. `prove.py` makes proofs from tiles, `cosignatures.py` keeps what somebody else
cosigned. It knows nothing of the copy outside but what it is given, and of no process that runs it. As in the store,
functions take the connection first. Begin with `logs.py` and `extend.py`.
"""
