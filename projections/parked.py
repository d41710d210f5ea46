"""Streams that a follower could not follow: listed, and tried again; and how far each follower lags."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from eventstore.events import RecordedEvent
from eventstore.store import read, read_stream, read_tail
from eventstore.streams import read_tails
from projections.followers import (
    BATCH_MAX,
    Follower,
    apply_or_park,
    enter,
    load_checkpoints,
    load_parked_ids,
)
from projections.load import Connection
from projections.statements import statement


@dataclass(frozen=True, slots=True)
class ParkedStream:
    """A stream that waits, from the event that failed up to the projection's checkpoint."""

    projection: str
    organization_id: UUID
    stream_id: UUID
    position: int
    version: int
    event_id: UUID
    event_type: str
    error: str  # What was raised and where, without values.
    attempts: int
    parked_at: datetime
    tried_at: datetime


@dataclass(frozen=True, slots=True)
class Lag:
    """How far a projection is behind one log."""

    organization_id: UUID
    position: int  # The checkpoint.
    tail: int
    seconds: float  # Age of the first event that is still to follow; 0: there is none.

    @property
    def events(self) -> int:
        """How many events are still to follow."""
        return max(0, self.tail - self.position)


async def parked(connection: Connection, name: str) -> list[ParkedStream]:
    """Return the streams that wait in a projection, the longest waiting first."""
    rows = await connection.fetch(statement("load_parked"), name)
    return [ParkedStream(*row) for row in rows]


async def count_parked(connection: Connection, name: str) -> int:
    """Return how many streams wait in a projection."""
    count: int = await connection.fetchval(statement("count_parked"), name)
    return count


async def lag(connection: Connection, name: str) -> list[Lag]:
    """Return how far a projection is behind each log."""
    checkpoints = await load_checkpoints(connection, name)
    tails = await read_tails(connection)
    lags = [
        Lag(organization_id, checkpoints.get(organization_id, 0), tail, 0.0)
        for organization_id, tail in tails.items()
    ]
    return [await _timed(connection, each) if each.events else each for each in lags]


async def _timed(connection: Connection, each: Lag) -> Lag:
    """Return a lag with its seconds, by the clock of Postgres, which dated the events."""
    first, *_ = await read(connection, each.organization_id, after=each.position, limit=1)
    tail = await read_tail(connection, each.organization_id)
    return replace(each, seconds=max(0.0, (tail.now - first.recorded_at).total_seconds()))


async def retry_parked(
    connection: Connection, follower: Follower, organization_id: UUID | None = None
) -> int:
    """Apply what waits, stream by stream; return how many streams wait no more.

    A stream that fails again stays, from the event that it fails on now. The follower may run.
    """
    waiting = await parked(connection, follower.name)
    released = 0
    for each in waiting:
        if organization_id in (None, each.organization_id):
            async with connection.transaction():
                released += await _retry(connection, follower, each)
    return released


async def _retry(connection: Connection, follower: Follower, stream: ParkedStream) -> bool:
    """Apply what waits of a stream; tell whether all of it was applied."""
    place = (follower.name, stream.organization_id)
    checkpoint = await connection.fetchval(statement("lock_checkpoint"), *place)
    if checkpoint is None or stream.stream_id not in await load_parked_ids(connection, *place):
        return False  # Somebody else retried it, or a rebuild has put other tables in the place of these.
    await enter(connection, follower)
    version = stream.version - 1
    while events := await _read_waiting(connection, stream, version, checkpoint):
        if await apply_or_park(connection, follower, events, frozenset()):
            return False
        version = events[-1].version
    await connection.execute(statement("release_stream"), *place, stream.stream_id)
    return True


async def _read_waiting(
    connection: Connection, stream: ParkedStream, after_version: int, checkpoint: int
) -> list[RecordedEvent]:
    events = await read_stream(
        connection,
        stream.organization_id,
        stream.stream_id,
        limit=BATCH_MAX,
        after_version=after_version,
    )
    return [event for event in events if event.position <= checkpoint]
