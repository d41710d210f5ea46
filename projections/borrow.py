"""Borrow a connection of the pool for a bounded time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import asyncpg

from projections.load import Connection

ACQUIRE_TIMEOUT_S = 5.0  # For a connection, while others hold all of them.


@asynccontextmanager
async def borrowed(pool: asyncpg.Pool, *, timeout_s: float | None) -> AsyncIterator[Connection]:
    """Give a connection for the duration of the block, and for no longer than a time.

    One whose statement was interrupted, or that the driver has lost track of, is closed: to take it
    back, the pool would wait until Postgres says that the statement has ended, and a Postgres that
    stands still never says so.
    Errors: TimeoutError, and asyncpg's on connecting.
    """
    async with (
        asyncio.timeout(timeout_s),
        pool.acquire(timeout=ACQUIRE_TIMEOUT_S) as connection,
    ):
        try:
            yield connection
        except (asyncio.CancelledError, TimeoutError, asyncpg.InternalClientError):
            close_now(connection)
            raise


def close_now(connection: Connection) -> None:
    """Close a connection without a word to Postgres, which rolls back once it notices."""
    with suppress(asyncpg.InterfaceError):  # It is lost already, and the pool has it back.
        connection.terminate()
