"""Read an organization's log, or one of its streams, in order."""

from collections.abc import AsyncGenerator, Collection, Mapping
from datetime import datetime
from uuid import UUID

from eventstore.append import Tail
from eventstore.events import Cause, RecordedEvent
from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in

statement = statements_in(__package__)


UNLIMITED = 2**62
STREAM_PAGE = 1_000  # Events of a stream in one round trip.


async def read(
    connection: Connection,
    organization_id: UUID,
    *,
    after: int,
    limit: int,
    data_max: int = UNLIMITED,
) -> list[RecordedEvent]:
    """Return the events after a position, in the order of the log. All are committed, and none is skipped.

    `data_max` also limits the characters of data, because one event may hold a thousand members. With it,
    fewer events than `limit` do not mean that the log ends.
    """
    rows = await connection.fetch(statement("read_log"), organization_id, after, limit, data_max)
    return [RecordedEvent(*row) for row in rows]


async def read_stream(
    connection: Connection,
    organization_id: UUID,
    stream_id: UUID,
    *,
    limit: int,
    after_version: int = 0,
) -> list[RecordedEvent]:
    """Return a stream's events after a version, in order."""
    rows = await connection.fetch(
        statement("read_stream"), organization_id, stream_id, after_version, limit
    )
    return [RecordedEvent(*row) for row in rows]


async def stream_pages(
    connection: Connection, organization_id: UUID, stream_id: UUID
) -> AsyncGenerator[list[RecordedEvent]]:
    """Yield all events of a stream, in order, in pages."""
    version = 0
    while page := await read_stream(
        connection, organization_id, stream_id, limit=STREAM_PAGE, after_version=version
    ):
        yield page
        version = page[-1].version


async def read_provenance(
    connection: Connection, organization_id: UUID, versions: Mapping[UUID, int]
) -> dict[UUID, Cause]:
    """Return the cause of the event that gave each stream its version, by stream. Unknown versions are left out."""
    rows = await connection.fetch(
        statement("read_provenance"), organization_id, list(versions), list(versions.values())
    )
    return {stream_id: Cause(*columns) for stream_id, *columns in rows}


async def read_at(
    connection: Connection, organization_id: UUID, positions: Collection[int]
) -> list[RecordedEvent]:
    """Return the events at some positions, in order."""
    rows = await connection.fetch(statement("read_at"), organization_id, list(positions))
    return [RecordedEvent(*row) for row in rows]


async def read_sealed_of_type(
    connection: Connection,
    organization_id: UUID,
    stream_id: UUID,
    event_type: str,
    *,
    after: int,
    limit: int,
) -> list[RecordedEvent]:
    """Return the events of a stream after a version that have a type and a sealed part, in order."""
    rows = await connection.fetch(
        statement("read_sealed_of_type"), organization_id, stream_id, event_type, after, limit
    )
    return [RecordedEvent(*row) for row in rows]


async def position_at(connection: Connection, organization_id: UUID, instant: datetime) -> int:
    """Return the position of the last event up to an instant; 0 if there was none."""
    found: int = await connection.fetchval(statement("position_at"), organization_id, instant)
    return found


async def read_tail(connection: Connection, organization_id: UUID) -> Tail:
    """Return where the log ends. Nothing is locked, so the log may have grown since."""
    return Tail(*await connection.fetchrow(statement("read_tail"), organization_id))


async def read_tails_of(
    connection: Connection, organization_ids: Collection[UUID]
) -> dict[UUID, int]:
    """Return the last positions of some logs; empty logs are left out."""
    return dict(await connection.fetch(statement("read_tails_of"), list(organization_ids)))


async def read_actors(
    connection: Connection, organization_id: UUID, stream_id: UUID, at: Collection[datetime]
) -> Mapping[datetime, str]:
    """Return who appended the events of a stream that were recorded at some instants."""
    rows = await connection.fetch(statement("read_actors"), organization_id, stream_id, list(at))
    return {row["recorded_at"]: row["actor_id"] for row in rows}


async def find_position_before(
    connection: Connection, organization_id: UUID, instant: datetime
) -> int:
    """Return the last position that was recorded before an instant; 0 if there is none."""
    position: int = await connection.fetchval(
        statement("find_position_before"), organization_id, instant
    )
    return position


async def find_ages(connection: Connection, positions: Mapping[UUID, int]) -> dict[UUID, float]:
    """Return how many seconds ago the first event after a position was recorded, of each log that has one.

    One statement, however many logs there are.
    """
    rows = await connection.fetch(statement("find_ages"), list(positions), list(positions.values()))
    return dict(rows)
