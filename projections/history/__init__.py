"""History: who had which role, access and membership from when to when, and who did what.

`periods.py` says which events begin and end a period, `fold.py` folds a stream into periods for a rebuild,
`write.py` writes a follower's batch, `read.py` answers questions about a date or a position, `search.py` searches
the events, `days.py` counts them by day.
It knows events and periods, and nothing of callers. Begin with `periods.py`.
"""
