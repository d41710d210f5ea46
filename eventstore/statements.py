"""The SQL statements of this package, each by the name of its file, and what runs them."""

from functools import cache
from importlib.resources import files

import asyncpg

Connection = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy


@cache
def statement(name: str) -> str:
    """Return the text of `sql/<name>.sql`."""
    return (files(__package__) / "sql" / f"{name}.sql").read_text(encoding="utf-8")
