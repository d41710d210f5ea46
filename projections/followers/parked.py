"""List the streams that a follower parked, and retry them."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from eventstore.events import RecordedEvent
from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in
from eventstore.read import read_stream
from projections.followers.follower import (
    BATCH_MAX,
    Follower,
    apply_or_park,
    enter,
    load_parked_ids,
)

statement = statements_in(__package__)


@dataclass(frozen=True, slots=True)
class ParkedStream:
    """A parked stream. Its events wait, from the one that failed up to the projection's checkpoint."""

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


async def parked(connection: Connection, name: str) -> list[ParkedStream]:
    """Return the parked streams of a projection. The one that has waited longest comes first."""
    rows = await connection.fetch(statement("load_parked"), name)
    return [ParkedStream(*row) for row in rows]


async def count_parked(connection: Connection, name: str) -> int:
    """Return how many streams are parked in a projection."""
    count: int = await connection.fetchval(statement("count_parked"), name)
    return count


async def retry_parked(
    connection: Connection, follower: Follower, organization_id: UUID | None = None
) -> int:
    """Apply the waiting events, stream by stream; return how many streams were released.

    A stream that fails again stays parked, from the event that fails now. The follower may run meanwhile.
    """
    waiting = await parked(connection, follower.name)
    released = 0
    for each in waiting:
        if organization_id in (None, each.organization_id):
            async with connection.transaction():
                released += await _retry(connection, follower, each)
    return released


async def _retry(connection: Connection, follower: Follower, stream: ParkedStream) -> bool:
    """Apply the waiting events of a stream; return whether all were applied."""
    place = (follower.name, stream.organization_id)
    checkpoint = await connection.fetchval(statement("lock_checkpoint"), *place)
    if checkpoint is None or stream.stream_id not in await load_parked_ids(connection, *place):
        return False  # Another process retried it, or a rebuild has swapped the tables.
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
