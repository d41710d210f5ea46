"""Read an organization's log in order."""

from uuid import UUID

from eventstore.append import Tail
from eventstore.events import RecordedEvent
from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in

statement = statements_in(__package__)


UNLIMITED = 2**62


async def read(
    connection: Connection,
    organization_id: UUID,
    *,
    after: int,
    limit: int,
    data_max: int = UNLIMITED,
) -> list[RecordedEvent]:
    """Return the events after a position, in the order of the log; all are committed, none is skipped.

    With `data_max`, fewer than the limit do not say that the log ends: after so many characters of data come
    no more, since one event may have a thousand members in it.
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


async def read_tail(connection: Connection, organization_id: UUID) -> Tail:
    """Return where the log ends; nothing is locked, so that it may have grown since."""
    return Tail(*await connection.fetchrow(statement("read_tail"), organization_id))
