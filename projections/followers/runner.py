"""Run followers on a connection. Notifications and sweeps say which logs are due."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

from eventstore.events import RecordedEvent
from eventstore.postgres.connection import Connection
from projections.followers.follower import (
    BATCH_MAX,
    Follower,
    Superseded,
    load_checkpoints,
    read_batch,
    write,
)
from projections.followers.lag import Lag, lag
from projections.followers.lease import Lease
from projections.followers.parked import count_parked

Task = tuple[Follower, UUID]  # A log to follow, by its organization.
# Called at each sweep with a projection, its lag behind each log, and how many streams it has parked.
Report = Callable[[str, Sequence[Lag], int], None]


@dataclass(frozen=True, slots=True)
class Timing:
    """How long a follower waits for what."""

    lease_s: float = 3.0  # A leader that hangs for longer is replaced.
    renew_s: float = 1.0  # Other processes ask for the lease this often: they take over within 5 s.
    sweep_s: float = 2.0  # A lost notification delays its events by this much.
    pause_s: float = 0.25  # Between rounds: many small appends then make one batch.
    # After a round, rest as long as the round took, but no longer than this: half the time is for requests.
    rest_s_max: float = 0.5
    retry_s: float = 1.0  # After an outage.


@dataclass(slots=True)
class FollowerRun:
    """One run of the followers: from connecting until the connection is lost or the service stops."""

    connection: Connection
    lease: Lease
    followers: Sequence[Follower]
    woken: asyncio.Event  # Set when there is work, or when the run must stop.
    stopping: asyncio.Event
    report: Report
    timing: Timing
    due: dict[Task, None] = field(default_factory=dict)  # In the order in which they are followed.
    checkpoints: dict[Task, int] = field(default_factory=dict)
    # What was read last: whose log after which position, and the events.
    last_read: tuple[tuple[UUID, int], Sequence[RecordedEvent]] | None = None
    renew_at: float = 0.0
    sweep_at: float = 0.0

    def on_notify(self, _connection: object, _pid: int, _channel: str, message: object) -> None:
        """Note that an organization has new events."""
        organization_id = UUID(str(message))
        for follower in self.followers:
            self.due[follower, organization_id] = None
        self.woken.set()

    async def work(self) -> None:
        """Follow until the service stops, and finish the current batch. Errors: asyncpg's, for an outage."""
        while not self.stopping.is_set():
            await self._renew_and_sweep()
            if self.due:
                await self._round()
            else:
                await _wait(self.woken, min(self.renew_at, self.sweep_at) - _now())
                self.woken.clear()

    async def _renew_and_sweep(self) -> None:
        """Renew the lease and sweep, each when it is due."""
        await self._renew()
        if _now() >= self.sweep_at:
            self.sweep_at = _now() + self.timing.sweep_s
            await self._sweep()

    async def _renew(self) -> None:
        """Renew the lease when it is due."""
        if _now() >= self.renew_at:
            self.renew_at = _now() + self.timing.renew_s
            if await self.lease.renew():
                self.sweep_at = 0.0  # A new leader sweeps at once, for what its predecessor left.

    async def _sweep(self) -> None:
        """Compare all checkpoints with all logs. With thousands of logs this takes as long as a lease."""
        for follower in self.followers:
            await self._renew()
            lags = await lag(self.connection, follower.name)
            self.report(follower.name, lags, await count_parked(self.connection, follower.name))
            for each in lags:
                task = (follower, each.organization_id)
                self.checkpoints[task] = each.position
                if each.events:
                    self.due[task] = None

    async def _round(self) -> None:
        """Follow one batch of each log that is due, then rest."""
        began, is_behind = _now(), False
        due, self.due = self.due, {}
        for follower, organization_id in due:
            if self.stopping.is_set():
                return
            await self._renew_and_sweep()
            if self.lease.covers(follower.name, organization_id):
                is_behind |= await self._step(follower, organization_id)
        self.last_read = None  # The log may have grown by the next round.
        pause_s = 0.0 if is_behind else self.timing.pause_s
        await _wait(self.stopping, min(max(_now() - began, pause_s), self.timing.rest_s_max))

    async def _read(self, organization_id: UUID, after: int) -> Sequence[RecordedEvent]:
        """Return the next batch of a log. In a round the followers of a log are at the same place, and share it."""
        place = (organization_id, after)
        if self.last_read is None or self.last_read[0] != place:
            batch = await read_batch(self.connection, organization_id, after=after)
            self.last_read = (place, batch)
        return self.last_read[1]

    async def _step(self, follower: Follower, organization_id: UUID) -> bool:
        """Follow one batch of a log; return whether the batch was full, because then more events surely wait."""
        task = (follower, organization_id)
        after = self.checkpoints.get(task, 0)
        try:
            events = await self._read(organization_id, after)
            position = await write(self.connection, follower, events) if events else after
        except Superseded:
            checkpoints = await load_checkpoints(self.connection, follower.name)
            self.checkpoints[task] = checkpoints.get(organization_id, 0)
            self.due[task] = None
            return False
        self.checkpoints[task] = position
        if position > after:
            self.due[task] = None  # Until nothing is left, because large events make small batches.
        return position - after >= BATCH_MAX


async def _wait(event: asyncio.Event, timeout_s: float) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(max(0.0, timeout_s)):
            await event.wait()


def _now() -> float:
    return asyncio.get_running_loop().time()
