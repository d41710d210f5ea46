"""Versions: every version of each user and group, written moments later by a follower.

`snapshots.py` turns the events of a stream into versions, `tables.py` describes the tables, `fold.py` makes them for a
rebuild, `write.py` writes a batch of events. `relations.py` shows the directory as it was at a position, with the
columns of the directory; `read.py` finds who had a name. Personal values are here as in the directory: a person whose
key was destroyed has no rows. Begin with `snapshots.py`.
"""
