"""What people's values said about others who were erased: whoever shows values of the log leaves it out."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson

from eventstore.events import POSITION_MAX, RecordedEvent
from eventstore.postgres.connection import Connection
from eventstore.read_streams import read_values
from eventstore.sealing.events import open_personal
from eventstore.sealing.sealer import Sealer
from schema.events.codec import decode
from schema.events.user import MANAGER, ReferenceErased, manager_without
from service.reads.sought import TYPE, withheld_reads

References = Mapping[UUID, Sequence[tuple[int, ReferenceErased]]]  # Stream → positions and events.


async def load_references(
    connection: Connection, sealer: Sealer, organization_id: UUID, ids: Collection[UUID]
) -> References:
    """Return the references to erased people in some streams."""
    found: dict[UUID, list[tuple[int, ReferenceErased]]] = {}
    types = [ReferenceErased.__name__]
    for row, _ in await read_values(connection, sealer, organization_id, ids, types, POSITION_MAX):
        event: Any = decode(row["type"], row["schema_version"], row["data"], None)
        found.setdefault(row["stream_id"], []).append((row["position"], event))
    return found


def without_references(
    references: References, stream_id: UUID, position: int, personal: bytes | None
) -> bytes | None:
    """Return the personal part of an event without what it says about people who were erased later."""
    later = [event for at, event in references.get(stream_id, ()) if at > position]
    if personal is None or not later:
        return personal
    values = orjson.loads(personal)
    if MANAGER not in values:
        return personal
    for event in later:
        values[MANAGER] = manager_without(values[MANAGER], event)
    return orjson.dumps(values)


async def open_for_readers(
    connection: Connection, sealer: Sealer, events: Sequence[RecordedEvent]
) -> list[bytes | None]:
    """Return the personal parts of events of one organization, without what they say about erased people.

    The part is None if the event has none, if its subject was erased, or if it is a read that searched for somebody who was.
    Errors: BrokenSeal.
    """
    if not events:
        return []
    opened = await open_personal(connection, sealer, events)
    if any(each.type == TYPE and each.sealed is not None for each in events):
        withheld = await withheld_reads(connection, events[0].organization_id)
        opened = [
            None if event.position in withheld else personal
            for event, personal in zip(events, opened, strict=True)
        ]
    streams = {each.stream_id for each in events if each.sealed is not None}
    references = await load_references(connection, sealer, events[0].organization_id, streams)
    return [
        without_references(references, event.stream_id, event.position, personal)
        for event, personal in zip(events, opened, strict=True)
    ]
