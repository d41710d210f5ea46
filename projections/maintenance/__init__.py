"""Which tables exist, who built them, and who works on them.

`create.py` makes a projection's tables, `builds.py` records which revision built them and how far a rebuild
is, `release.py` compares them with this release, `adopt.py` spares a rebuild where the rows would be the same,
`session.py` opens the connections of a rebuild or a comparison, `status.py` reports. It knows no rows.
Begin with `builds.py`.
"""
