"""Builders for tests of the store: the smallest valid event, and an append in its own transaction."""

from uuid import UUID, uuid4

import asyncpg

from eventstore.append import append, lock_log
from eventstore.events import NewEvent, Provenance, RecordedEvent
from eventstore.sealing.sealer import Sealer

ORGANIZATION = UUID("0192f0c0-0000-7000-8000-00000000000a")
OTHER_ORGANIZATION = UUID("0192f0c0-0000-7000-8000-00000000000b")
STREAM = UUID("0192f0c0-0000-7000-8000-0000000000c1")
OTHER_STREAM = UUID("0192f0c0-0000-7000-8000-0000000000c2")
ENTRA = Provenance("technical-account", uuid4(), uuid4(), "scim")
SEALER = Sealer(bytes(32))


def new_event(
    version: int = 1,
    *,
    stream_id: UUID = STREAM,
    data: str = '{"roleId": "reader"}',
    personal: bytes | None = None,
) -> NewEvent:
    """Return an event of a stream. With a personal part, the stream is the subject."""
    return NewEvent(
        stream_id=stream_id,
        version=version,
        event_id=uuid4(),
        type="UserChanged",
        schema_version=1,
        data=data,
        personal=personal,
        subject_id=None if personal is None else stream_id,
        provenance=ENTRA,
    )


async def append_events(
    connection: asyncpg.Connection, *events: NewEvent, organization_id: UUID = ORGANIZATION
) -> list[RecordedEvent]:
    """Append events to a log and commit."""
    async with connection.transaction():
        tail = await lock_log(connection, organization_id)
        return await append(connection, organization_id, tail, events, SEALER)


def new_streams(count: int) -> list[NewEvent]:
    """Return the first events of `count` streams."""
    return [new_event(stream_id=uuid4()) for _ in range(count)]
