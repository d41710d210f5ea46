"""Versions: every version of each user and group, written moments later by a follower.

`snapshots.py` turns the events of a stream into versions, `tables.py` describes the tables, `fold.py` makes them for a
rebuild, `write.py` writes a batch of events, `copy.py` copies those that the directory still has, `erase.py` takes back
what an erasure removes. The queries of the directory read them. Personal values are here as in the directory: a person
whose key was destroyed has no rows. Begin with `snapshots.py`.
"""
