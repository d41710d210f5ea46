"""Borrow a connection of the pool for a bounded time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import NamedTuple

import asyncpg

from eventstore.postgres.connection import Connection
from eventstore.postgres.outages import Outage, classify

ACQUIRE_TIMEOUT_S = 5.0  # For a connection, while others hold all of them.
CACHED_S = 0.1  # A connection at hand, from when the pool gave it.
CACHED_MAX = 4


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
        except BaseException as error:
            if classify(error) is Outage.INTERRUPTED:
                close_now(connection)
            raise


def close_now(connection: Connection) -> None:
    """Close a connection without a word to Postgres, which rolls back once it notices."""
    with suppress(asyncpg.InterfaceError):  # It is lost already, and the pool has it back.
        connection.terminate()


class ConnectionCache:
    """Lends the connections of a pool as `borrowed` does, to who borrows again and again.

    To take one from the pool and to give it back costs two tasks, as much as a small query. So a few are
    kept at hand for a moment; then they go back, so that whoever waits at the pool has them in turn.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._kept = list[CachedConnection]()  # The latest last.
        self._timer: asyncio.TimerHandle | None = None
        self._releases = set[asyncio.Task[None]]()

    @asynccontextmanager
    async def connection(self, *, timeout_s: float) -> AsyncIterator[Connection]:
        """Give a connection for the duration of the block, as `borrowed` does. Errors: the same."""
        async with asyncio.timeout(timeout_s):
            kept = self._take() or await self._acquire()
            is_sound = False
            try:
                yield kept.connection
                is_sound = True
            except BaseException as error:
                if classify(error) is Outage.INTERRUPTED:
                    close_now(kept.connection)
                raise
            finally:
                if not (is_sound and self._keep(kept)):
                    await self._pool.release(kept.connection)

    async def close(self) -> None:
        """Give back what is kept."""
        self._give_back(float("inf"))
        await asyncio.gather(*self._releases)

    async def _acquire(self) -> "CachedConnection":
        connection = await self._pool.acquire(timeout=ACQUIRE_TIMEOUT_S)
        return CachedConnection(connection, asyncio.get_running_loop().time() + CACHED_S)

    def _take(self) -> "CachedConnection | None":
        while self._kept:
            kept = self._kept.pop()
            if not is_lost(kept.connection):
                return kept
            self._release(kept)
        return None

    def _keep(self, kept: "CachedConnection") -> bool:
        """Keep a connection at hand if its time is not over; tell whether it is kept."""
        loop = asyncio.get_running_loop()
        if loop.time() >= kept.until or len(self._kept) == CACHED_MAX or is_lost(kept.connection):
            return False
        self._kept.append(kept)
        if self._timer is None:
            self._timer = loop.call_later(CACHED_S, self._look)
        return True

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = None
        self._give_back(loop.time())
        if self._kept:
            self._timer = loop.call_later(CACHED_S, self._look)

    def _give_back(self, now: float) -> None:
        over = [kept for kept in self._kept if kept.until <= now]
        self._kept = [kept for kept in self._kept if kept.until > now]
        for kept in over:
            self._release(kept)

    def _release(self, kept: "CachedConnection") -> None:
        task = asyncio.create_task(self._pool.release(kept.connection))
        self._releases.add(task)
        task.add_done_callback(self._releases.discard)


class CachedConnection(NamedTuple):
    """A connection of the pool, and until when it may be kept at hand, by the loop's clock."""

    connection: Connection
    until: float


def is_lost(connection: Connection) -> bool:
    """Tell whether a connection is closed; the pool has it back then, and no longer lets it be asked."""
    try:
        return bool(connection.is_closed())
    except asyncpg.InterfaceError:
        return True
