"""Followers: projections that are written after the commit and may lag.

`follower.py` folds one batch of one log and advances the checkpoint in the same transaction. `runner.py`
decides what is due, `lease.py` which process leads. `lag.py` measures how far a follower is behind,
`parked.py` lists and retries streams in which an event failed. It knows nothing of the process that runs it.
Begin with `follower.py`.
"""
