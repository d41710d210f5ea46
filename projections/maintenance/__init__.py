"""Which tables exist, who built them, and who works on them.

`create.py` makes a projection's tables, `ownership.py` marks what we made and refuses what we did not.
`builds.py` records which revision built the tables and how far a rebuild is, `release.py` compares them with
this release, `adopt.py` spares a rebuild where the rows would be the same. `context.py` is what a rebuild or a
comparison works on, `session.py` opens its connections and keeps others out, `status.py` reports. It knows no
rows. Begin with `builds.py`.
"""
