"""The followers of a running service: their connections, their gauges, and the task that runs them.

They use their own connections, so requests never wait for them. Every process tries to take the lease.
One process leads; the others try again every second.
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
from eventstore.sealing.sealer import Sealer
from projections.followers.follower import Follower
from projections.followers.lag import Lag
from projections.followers.lease import Lease, duties
from projections.followers.runner import FollowerRun, Timing
from projections.history.write import HISTORY
from projections.versions.write import VERSIONS
from service.database.logins.session import ServiceLogin
from service.database.pool import SESSION

FOLLOWERS: tuple[Follower, ...] = (HISTORY, VERSIONS)
CONNECT_TIMEOUT_S = 10.0
COMMAND_TIMEOUT_S = 30.0
CLOSE_TIMEOUT_S = 2.0

log = structlog.get_logger()


LAG_EVENTS = Gauge(
    "scim_ledger_follower_lag_events",
    "Events that a projection has still to follow, over all organizations.",
    ["projection"],
    multiprocess_mode="livemostrecent",
)
LAG_SECONDS = Gauge(
    "scim_ledger_follower_lag_seconds",
    "Age of the oldest event that a projection has still to follow.",
    ["projection"],
    multiprocess_mode="livemostrecent",
)
PARKED_STREAMS = Gauge(
    "scim_ledger_follower_parked_streams",
    "Streams that a projection could not follow and that wait for a retry.",
    ["projection"],
    multiprocess_mode="livemostrecent",
)


BEYOND_LOGS = Gauge(
    "scim_ledger_follower_checkpoints_beyond_log",
    "Logs that end before the checkpoint of a projection: they have lost events.",
    ["projection"],
    multiprocess_mode="livemostrecent",
)


def report(name: str, lags: Sequence[Lag], parked: int) -> None:
    """Set the gauges: how far a projection lags behind the logs, and how many streams it has parked."""
    BEYOND_LOGS.labels(name).set(sum(each.beyond > 0 for each in lags))
    LAG_EVENTS.labels(name).set(sum(each.events for each in lags))
    LAG_SECONDS.labels(name).set(max((each.seconds for each in lags), default=0.0))
    PARKED_STREAMS.labels(name).set(parked)


def report_nothing(name: str) -> None:
    """Set the gauges to NaN: nothing is known now, and an old value would look as if all were well."""
    for gauge in (LAG_EVENTS, LAG_SECONDS, PARKED_STREAMS, BEYOND_LOGS):
        gauge.labels(name).set(math.nan)


class Followers:
    """Runs followers until it is stopped. It survives lost connections, and waits while another process leads."""

    def __init__(
        self,
        login: ServiceLogin,
        sealer: Sealer,
        *,
        followers: Sequence[Follower] = FOLLOWERS,
        timing: Timing | None = None,
    ) -> None:
        self._login = login
        self._followers = [each.opening(sealer) for each in followers]
        self._timing = timing or Timing()
        self._woken = asyncio.Event()
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Follow until `stop`."""
        while not self._stopping.is_set():
            try:
                async with self._run_once() as run:
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
        """Make `run` return once its current batch is committed."""
        self._stopping.set()
        self._woken.set()

    async def _rest(self) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), self._timing.retry_s)
        except TimeoutError:
            return

    @asynccontextmanager
    async def _run_once(self) -> AsyncIterator[FollowerRun]:
        """Give a run on two new connections: one holds the lease, the other listens and writes."""
        async with AsyncExitStack() as stack:
            leasing = await stack.enter_async_context(self._connected(self._timing.lease_s))
            writing = await stack.enter_async_context(self._connected(COMMAND_TIMEOUT_S))
            await stack.enter_async_context(leasing.transaction())
            run = FollowerRun(
                connection=writing,
                lease=Lease(leasing, duties(each.name for each in self._followers)),
                followers=self._followers,
                woken=self._woken,
                stopping=self._stopping,
                report=report,
                timing=self._timing,
            )
            await writing.add_listener(CHANNEL, run.on_notify)
            yield run

    @asynccontextmanager
    async def _connected(self, command_timeout_s: float) -> AsyncIterator[Connection]:
        connection = await self._login.connect(
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

        If this process hangs, Postgres ends its transaction, and with it the lease. A commit need not wait
        for the disk: if a checkpoint is lost together with its rows, the same events are followed again.
        """
        return {
            **SESSION,
            "application_name": "scim-ledger followers",
            "idle_in_transaction_session_timeout": f"{int(self._timing.lease_s * 1000)}ms",
            "synchronous_commit": "off",
        }


async def _close(connection: Connection) -> None:
    """Close a connection. It may be lost already, which is not worth an error here."""
    try:
        await connection.close(timeout=CLOSE_TIMEOUT_S)
    except Exception as error:
        if not classify(error).passes:
            raise


@asynccontextmanager
async def following(login: ServiceLogin, sealer: Sealer) -> AsyncIterator[None]:
    """Follow for the duration of the block. At its end, finish the current batch."""
    followers = Followers(login, sealer)
    task = asyncio.create_task(followers.run(), name="followers")
    try:
        yield
    finally:
        followers.stop()
        await task
