"""Read from a streaming replica, where it has what the caller may expect; else from the primary.

A caller always sees its own writes: this process knows the last position that it has seen of each log. A replica that has
not replayed it is given a moment, then the primary answers. A replica that lags for long, or that does not answer, is
left alone until it is well again.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any, Final
from uuid import UUID

import asyncpg
import structlog
from prometheus_client import Counter, Gauge

from eventstore.postgres.connection import Connection
from eventstore.postgres.outages import Outage, classify
from eventstore.postgres.pool import ConnectionCache, borrowed
from eventstore.postgres.statements import statements_in

statement = statements_in("eventstore")

WAIT_S: Final = 0.05  # For a position that is not there yet.
WAIT_STEP_S: Final = 0.005
DOWN_S: Final = 1.0  # How long a replica is left alone after an error.
LAG_S_MAX: Final = 5.0  # Above it, what other processes have written would be missed for too long.
LOOK_TIMEOUT_S: Final = 2.0
STAY_S: Final = (
    2.0  # Whoever was answered by the primary stays there: a later part of an answer is not older.
)
SAMPLES_MAX: Final = 600

LAG_SECONDS: Final = Gauge(
    "scim_ledger_replica_lag_seconds",
    "How old the data of the replica is; NaN if it does not answer, or if there is none.",
)
LAG_BYTES: Final = Gauge(
    "scim_ledger_replica_lag_bytes", "How much of the WAL the replica has not replayed yet."
)
READS: Final = Counter(
    "scim_ledger_replica_reads_total",
    "Reads that may be answered by the replica, by what answered them.",
    ["server"],
)
LAG_SECONDS.set(float("nan"))
LAG_BYTES.set(float("nan"))

log = structlog.get_logger()

_primary_until: ContextVar[float] = ContextVar("primary_until", default=0.0)


class Replica:
    """A replica, as this process knows it. It owns what it knows of the lag."""

    def __init__(self, pool: asyncpg.Pool, position_of: Callable[[UUID], int]) -> None:
        self._pool = pool
        self._connections = ConnectionCache(pool)
        self._position_of = position_of  # The last position that this process has seen of a log.
        self._replayed: dict[UUID, int] = {}
        self._down_until_s = 0.0
        self._samples: deque[tuple[float, int]] = deque(maxlen=SAMPLES_MAX)
        self._lag_s = 0.0

    @property
    def is_usable(self) -> bool:
        """Return whether to ask the replica at all."""
        return self._lag_s <= LAG_S_MAX and _now() >= self._down_until_s

    async def fetch(
        self, organization_id: UUID, sql: str, *arguments: Any, timeout_s: float
    ) -> list[asyncpg.Record] | None:
        """Return the rows of a statement; None if the primary must answer."""
        rows = None
        if self._may_answer():
            try:
                async with self._connections.connection(timeout_s=timeout_s) as connection:
                    if await self._is_there(connection, organization_id):
                        rows = await connection.fetch(sql, *arguments)
            except Exception as error:  # noqa: BLE001 - the primary answers, or says what is wrong.
                self._leave_alone(error)
        _count(is_replica=rows is not None)
        return rows

    @asynccontextmanager
    async def connection(
        self, organization_id: UUID, primary: asyncpg.Pool, *, timeout_s: float | None
    ) -> AsyncIterator[Connection]:
        """Give a connection to the replica if it can answer now, else to the primary. Errors: as `borrowed`."""
        taken = await self._try_take(organization_id) if self._may_answer() else None
        _count(is_replica=taken is not None)
        if taken is None:
            async with borrowed(primary, timeout_s=timeout_s) as connection:
                yield connection
            return
        try:
            async with asyncio.timeout(timeout_s):
                yield taken
        except BaseException as error:
            if classify(error) is not Outage.NONE:
                self._leave_alone(error)
                taken.terminate()
            raise
        finally:
            await self._pool.release(taken)

    async def _try_take(self, organization_id: UUID) -> Connection | None:
        """Return a connection that has replayed what is expected, or None. It asks, so it is no dead one."""
        taken = None
        try:
            taken = await self._pool.acquire(timeout=LOOK_TIMEOUT_S)
            async with asyncio.timeout(LOOK_TIMEOUT_S):
                if await self._is_there(taken, organization_id, is_asked=True):
                    return taken
        except Exception as error:  # noqa: BLE001 - the primary answers.
            self._leave_alone(error)
            if taken is not None:
                taken.terminate()
        if taken is not None:
            await self._pool.release(taken)
        return None

    async def _is_there(
        self, connection: Connection, organization_id: UUID, *, is_asked: bool = False
    ) -> bool:
        """Return whether the replica has replayed what this process has seen of a log; wait for a moment."""
        wanted = self._position_of(organization_id)
        if not is_asked and self._replayed.get(organization_id, 0) >= wanted:
            return True
        until_s = _now() + WAIT_S
        while True:
            row = await connection.fetchrow(statement("read_tail"), organization_id)
            position = self._replayed[organization_id] = row[0] if row else 0
            if position >= wanted:
                return True
            if _now() >= until_s:
                _primary_until.set(_now() + STAY_S)
                return False
            await asyncio.sleep(WAIT_STEP_S)

    def _may_answer(self) -> bool:
        return self.is_usable and _now() >= _primary_until.get()

    def _leave_alone(self, error: BaseException) -> None:
        if _now() >= self._down_until_s:
            log.warning("replica_left_alone", error=repr(error))
        self._down_until_s = _now() + DOWN_S
        self._replayed.clear()
        _primary_until.set(_now() + STAY_S)

    async def look(self, primary: asyncpg.Pool) -> None:
        """Measure the lag: how long ago the primary was where the replica is now. Errors: asyncpg's of the primary."""
        async with borrowed(primary, timeout_s=LOOK_TIMEOUT_S) as connection:
            now, at = _now(), await connection.fetchval(PRIMARY)
        self._samples.append((now, at))
        try:
            async with borrowed(self._pool, timeout_s=LOOK_TIMEOUT_S) as connection:
                replayed = await connection.fetchval(REPLAYED)
        except Exception as error:  # noqa: BLE001 - it may be down.
            self._leave_alone(error)
            LAG_SECONDS.set(float("nan"))
            LAG_BYTES.set(float("nan"))
            return
        while len(self._samples) > 1 and self._samples[1][1] <= replayed:
            self._samples.popleft()
        sample_s, _ = self._samples[0]
        is_level = self._samples[-1][1] <= replayed
        self._lag_s = 0.0 if is_level else now - sample_s
        LAG_SECONDS.set(self._lag_s)
        LAG_BYTES.set(max(0, at - replayed))

    async def close(self) -> None:
        """Return the connections to the pool."""
        await self._connections.close()


# As bytes from the beginning. One that is no replica has replayed all of it.
PRIMARY: Final = "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint"
REPLAYED: Final = (
    "SELECT CASE WHEN pg_is_in_recovery() THEN pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')::bigint "
    "ELSE 9223372036854775807 END"
)


class Reads:
    """Where reads go: to the replica if there is one that can answer, else to the primary."""

    def __init__(self, primary: asyncpg.Pool, replica: Replica | None = None) -> None:
        self.primary, self.replica = primary, replica

    @asynccontextmanager
    async def acquire(
        self, organization_id: UUID, *, timeout_s: float | None = None
    ) -> AsyncIterator[Connection]:
        """Give a connection for reads of an organization for the duration of the block."""
        if self.replica is None:
            async with borrowed(self.primary, timeout_s=timeout_s) as connection:
                yield connection
            return
        async with self.replica.connection(
            organization_id, self.primary, timeout_s=timeout_s
        ) as connection:
            yield connection

    async def fetch_elsewhere(
        self, organization_id: UUID, sql: str, *arguments: Any, timeout_s: float
    ) -> list[asyncpg.Record] | None:
        """Return the rows of a statement from the replica; None if the primary must answer."""
        if self.replica is None:
            return None
        return await self.replica.fetch(organization_id, sql, *arguments, timeout_s=timeout_s)


def _count(*, is_replica: bool) -> None:
    READS.labels("replica" if is_replica else "primary").inc()


def _now() -> float:
    return asyncio.get_running_loop().time()
