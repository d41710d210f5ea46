"""Run a statement that Postgres plans for the values of this one call, and forgets.

A statement that is run again and again is prepared, and after five times Postgres may keep one plan for all values. That plan
reads a whole table if a statement has conditions that are on or off, or if one value is rare and another frequent.
"""

from typing import Any

import asyncpg

from eventstore.postgres.connection import Connection


async def fetch_planned(connection: Connection, sql: str, *arguments: object) -> list[Any]:
    """Return the rows of a statement. Errors: asyncpg's."""
    found: list[Any] = await (await _unnamed(connection, sql)).fetch(*arguments)
    return found


async def fetchval_planned(connection: Connection, sql: str, *arguments: object) -> Any:
    """Return the only value of a statement. Errors: asyncpg's."""
    return await (await _unnamed(connection, sql)).fetchval(*arguments)


async def _unnamed(connection: Connection, sql: str) -> asyncpg.prepared_stmt.PreparedStatement:
    """Return a statement that Postgres forgets with the next one of its kind."""
    return await connection.prepare(sql, name="")
