"""Moves an organization to another database: a cell of its own, with its own service, keys and backups.

`package.py` says what is in the folder that travels. `write.py` fills it, `arrive.py` loads it into the other database
and checks the proof, `move.py` does both while the log is held, so that nothing is lost. `held.py` lets every process
refuse the requests of a log that is held. It knows nothing of HTTP. Begin with `move.py`.
"""
