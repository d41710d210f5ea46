"""Runs a former release against a database that the present code has migrated, as in a rolling upgrade: `make former`.

`release.py` checks a revision out and installs it, `side_by_side.py` lets both releases serve one database, and `__main__.py`
runs that revision's own tests of the protocol too. Begin with `__main__.py`.
"""
