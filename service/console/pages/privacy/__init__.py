"""Legal holds and erasure: what must be kept, and what must be forgotten for ever.

`legal_holds.py` lists legal holds, sets and lifts them. `erasures.py` lists who was erased, says what an erasure will do, does it,
and shows its receipt. `routes.py` is the table.
Begin with `erasures.py`.
"""
