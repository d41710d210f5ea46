"""The followers of a running service: their connections, their gauges, and the task that runs them.

They have connections of their own and never stand in a request's way. Every process offers itself;
one leads, the others ask each second whether its place is free.
"""

import asyncio
import math
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import structlog
from prometheus_client import Gauge

from eventstore.follow import CHANNEL
from eventstore.postgres.connection import Connection
from eventstore.postgres.outages import classify
from eventstore.postgres.session import connect
from projections.followers.follower import Follower
from projections.followers.lag import Lag
from projections.followers.lease import Lease, duties
from projections.followers.runner import FollowerRun, Timing
from projections.history.write import HISTORY
from service.database.pool import SESSION

FOLLOWERS: tuple[Follower, ...] = (HISTORY,)
CONNECT_TIMEOUT_S = 10.0
COMMAND_TIMEOUT_S = 30.0
CLOSE_TIMEOUT_S = 2.0

log = structlog.get_logger()


LAG_EVENTS = Gauge(
    "scim_ledger_follower_lag_events",
    "Events that a projection has still to follow, over all organizations.",
    ["projection"],
)
LAG_SECONDS = Gauge(
    "scim_ledger_follower_lag_seconds",
    "Age of the oldest event that a projection has still to follow.",
    ["projection"],
)
PARKED_STREAMS = Gauge(
    "scim_ledger_follower_parked_streams",
    "Streams that a projection could not follow and that wait for a retry.",
    ["projection"],
)


def report(name: str, lags: Sequence[Lag], parked: int) -> None:
    """Measure how far a projection is behind the logs, and how many streams it has parked."""
    LAG_EVENTS.labels(name).set(sum(each.events for each in lags))
    LAG_SECONDS.labels(name).set(max((each.seconds for each in lags), default=0.0))
    PARKED_STREAMS.labels(name).set(parked)


def report_nothing(name: str) -> None:
    """Measure that nothing is known of a projection now: a last value would tell that all is well."""
    for gauge in (LAG_EVENTS, LAG_SECONDS, PARKED_STREAMS):
        gauge.labels(name).set(math.nan)


class Followers:
    """Runs followers until it is stopped: through lost connections, and whether it leads or not."""

    def __init__(
        self,
        dsn: str,
        *,
        followers: Sequence[Follower] = FOLLOWERS,
        timing: Timing | None = None,
    ) -> None:
        self._dsn = dsn
        self._followers = followers
        self._pace = timing or Timing()
        self._woken = asyncio.Event()
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Follow until `stop`."""
        while not self._stopping.is_set():
            try:
                async with self._shift() as run:
                    await run.work()
            except Exception as error:
                if classify(error).passes:
                    log.warning("followers_interrupted", error=repr(error))
                else:
                    log.exception("followers_failed")
            else:
                return
            for each in self._followers:
                report_nothing(each.name)
            await self._rest()

    def stop(self) -> None:
        """Let `run` return once its batch is committed."""
        self._stopping.set()
        self._woken.set()

    async def _rest(self) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), self._pace.retry_s)
        except TimeoutError:
            return

    @asynccontextmanager
    async def _shift(self) -> AsyncIterator[FollowerRun]:
        """Give a shift on two new connections: one keeps the lease, one listens and writes."""
        async with AsyncExitStack() as stack:
            leasing = await stack.enter_async_context(self._connected(self._pace.lease_s))
            writing = await stack.enter_async_context(self._connected(COMMAND_TIMEOUT_S))
            await stack.enter_async_context(leasing.transaction())
            run = FollowerRun(
                connection=writing,
                lease=Lease(leasing, duties(each.name for each in self._followers)),
                followers=self._followers,
                woken=self._woken,
                stopping=self._stopping,
                report=report,
                timing=self._pace,
            )
            await writing.add_listener(CHANNEL, run.on_notify)
            yield run

    @asynccontextmanager
    async def _connected(self, command_timeout_s: float) -> AsyncIterator[Connection]:
        connection = await connect(
            self._dsn,
            timeout_s=CONNECT_TIMEOUT_S,
            command_timeout=command_timeout_s,
            server_settings=self._session(),
        )
        try:
            yield connection
        finally:
            await _close(connection)

    def _session(self) -> dict[str, str]:
        """Return the settings of a connection.

        Postgres ends the transaction of a process that stands still, and its lease with it. A commit
        need not wait for the disk: a checkpoint lost with its rows is followed again from the log.
        """
        return {
            **SESSION,
            "application_name": "scim-ledger followers",
            "idle_in_transaction_session_timeout": f"{int(self._pace.lease_s * 1000)}ms",
            "synchronous_commit": "off",
        }


async def _close(connection: Connection) -> None:
    """Close a connection, which may be lost already: that is no news here."""
    try:
        await connection.close(timeout=CLOSE_TIMEOUT_S)
    except Exception as error:
        if not classify(error).passes:
            raise


@asynccontextmanager
async def following(dsn: str) -> AsyncIterator[None]:
    """Follow for the duration of the block; at its end, end with the batch."""
    followers = Followers(dsn)
    task = asyncio.create_task(followers.run(), name="followers")
    try:
        yield
    finally:
        followers.stop()
        await task
