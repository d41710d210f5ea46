"""Backups of the whole database in a format of our own: the log, and the keys apart from it.

`create.py` writes a backup from one snapshot, `restore.py` loads it into an empty database and rebuilds the
projections, `verify.py` tries that in a database that is thrown away. `tables.py` finds what a backup holds,
`table_files.py` writes and reads the file of one table, `manifest.py` describes and signs a part.
A backup holds no rows of projections: they are folded from the log again. The newest part of keys opens an older
log, so an erased person does not come back. It knows nothing of requests. Begin with `create.py`.
"""
