"""Borrow a connection from the pool, for a bounded time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, NamedTuple

import asyncpg

from eventstore.postgres.connection import Connection
from eventstore.postgres.outages import Outage, classify

ACQUIRE_TIMEOUT_S = 5.0  # The wait for a connection while others hold all of them.
CACHED_S = 0.1  # How long a connection stays in the cache, counted from when the pool gave it.
CACHED_MAX = 4


@asynccontextmanager
async def borrowed(pool: asyncpg.Pool, *, timeout_s: float | None) -> AsyncIterator[Connection]:
    """Give a connection for the duration of the block, but no longer than `timeout_s`.

    The connection is closed if its statement was interrupted, or if the driver has lost track of it.
    Otherwise the pool would wait until Postgres reports the end of the statement, and a Postgres that
    hangs never does.
    Errors: TimeoutError, and asyncpg's on connecting.
    """
    async with (
        asyncio.timeout(timeout_s),
        pool.acquire(timeout=ACQUIRE_TIMEOUT_S) as connection,
    ):
        try:
            yield connection
        except BaseException as error:
            if classify(error) is Outage.INTERRUPTED:
                close_now(connection)
            raise


def close_now(connection: Connection) -> None:
    """Close a connection without a message to Postgres, which rolls back when it notices."""
    with suppress(asyncpg.InterfaceError):  # It is already lost, and back in the pool.
        connection.terminate()


class ConnectionCache:
    """Gives connections of a pool as `borrowed` does, to code that borrows again and again.

    Taking a connection from the pool and returning it costs two tasks, as much as a small query. Therefore
    a few connections stay in the cache for a moment. Then they return to the pool, where others wait.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._cached = list[CachedConnection]()  # In order of use, the latest last.
        self._timer: asyncio.TimerHandle | None = None
        self._releases = set[asyncio.Task[None]]()

    @asynccontextmanager
    async def connection(self, *, timeout_s: float) -> AsyncIterator[Connection]:
        """Give a connection for the duration of the block, as `borrowed` does. Errors: the same."""
        async with asyncio.timeout(timeout_s):
            taken = self._take() or await self._acquire()
            is_sound = False
            try:
                yield taken.connection
                is_sound = True
            except BaseException as error:
                if classify(error) is Outage.INTERRUPTED:
                    close_now(taken.connection)
                raise
            finally:
                if not (is_sound and self._keep(taken)):
                    await self._pool.release(taken.connection)

    async def close(self) -> None:
        """Return all connections of the cache to the pool."""
        self._give_back(float("inf"))
        await asyncio.gather(*self._releases)

    async def _acquire(self) -> "CachedConnection":
        connection = await self._pool.acquire(timeout=ACQUIRE_TIMEOUT_S)
        return CachedConnection(connection, asyncio.get_running_loop().time() + CACHED_S)

    def _take(self) -> "CachedConnection | None":
        while self._cached:
            taken = self._cached.pop()
            if not is_lost(taken.connection):
                return taken
            self._release(taken)
        return None

    def _keep(self, used: "CachedConnection") -> bool:
        """Put a connection into the cache unless its time is over; return whether it is there."""
        loop = asyncio.get_running_loop()
        if loop.time() >= used.until or len(self._cached) == CACHED_MAX or is_lost(used.connection):
            return False
        self._cached.append(used)
        if self._timer is None:
            self._timer = loop.call_later(CACHED_S, self._expire)
        return True

    def _expire(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = None
        self._give_back(loop.time())
        if self._cached:
            self._timer = loop.call_later(CACHED_S, self._expire)

    def _give_back(self, now: float) -> None:
        expired = [each for each in self._cached if each.until <= now]
        self._cached = [each for each in self._cached if each.until > now]
        for each in expired:
            self._release(each)

    def _release(self, cached: "CachedConnection") -> None:
        task = asyncio.create_task(self._pool.release(cached.connection))
        self._releases.add(task)
        task.add_done_callback(self._releases.discard)


class OnDemand:
    """Runs each statement on a connection of a cache, where others run theirs in between. It has no transaction."""

    def __init__(self, connections: ConnectionCache, timeout_s: float) -> None:
        self._connections, self._timeout_s = connections, timeout_s

    async def fetch(self, sql: str, *arguments: Any) -> list[asyncpg.Record]:
        """Return the rows of a statement. Errors: asyncpg's, TimeoutError."""
        async with self._connections.connection(timeout_s=self._timeout_s) as connection:
            rows: list[asyncpg.Record] = await connection.fetch(sql, *arguments)
        return rows

    async def fetchrow(self, sql: str, *arguments: Any) -> asyncpg.Record | None:
        """Return the first row of a statement. Errors: as fetch."""
        async with self._connections.connection(timeout_s=self._timeout_s) as connection:
            return await connection.fetchrow(sql, *arguments)

    async def fetchval(self, sql: str, *arguments: Any) -> Any:
        """Return the first value of a statement. Errors: as fetch."""
        async with self._connections.connection(timeout_s=self._timeout_s) as connection:
            return await connection.fetchval(sql, *arguments)


class CachedConnection(NamedTuple):
    """A connection of the pool, and until when it may stay in the cache, by the loop's clock."""

    connection: Connection
    until: float


def is_lost(connection: Connection) -> bool:
    """Return whether a connection is closed. If the pool has it back, asyncpg refuses even this question."""
    try:
        return bool(connection.is_closed())
    except asyncpg.InterfaceError:
        return True
