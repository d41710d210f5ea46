"""A log that moves to another database: it is held here, and arrives there with marks and keys of that database.

`hold.py` holds a log, so that nobody appends to it, and releases it. `arrive.py` writes the events, the keys of
persons and the foreign keys of the proof that came from another database. It knows nothing of files and of
what the events mean. Begin with `hold.py`.
"""
