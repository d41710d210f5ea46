"""Runs the database tests on every PostgreSQL that we support: `make postgres`.

`servers.py` finds each version, as an image or as programs, and starts it; `__main__.py` runs the tests on it and prints a table.
"""
