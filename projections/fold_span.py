"""Folds the streams of a span, read from the log, in constant memory."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from eventstore.seal import Sealer
from eventstore.streams import Opened, Span, read_span, read_streams
from projections.fold import Folded
from projections.load import Connection
from schema.events.codec import decode
from schema.events.event import Place
from schema.events.organization import Organization
from schema.scim.definitions import USER, user_type
from schema.scim.resource_type import ResourceType

Stream = tuple[UUID, Folded]


@dataclass(frozen=True, slots=True)
class Page:
    """The streams that ended with a page of events; the last one of a page may go on in the next."""

    events: int
    streams: list[Stream]


async def fold_span(connection: Connection, sealer: Sealer, span: Span) -> AsyncIterator[Page]:
    """Yield the streams of a span, folded, in the order of their ids. The connection is its own meanwhile."""
    open_stream: Stream | None = None
    async for events in read_span(connection, sealer, span):
        ended, open_stream = fold_events(events, open_stream)
        yield Page(len(events), ended)
    if open_stream is not None:
        yield Page(0, [open_stream])


async def fold_streams(
    connection: Connection, sealer: Sealer, span: Span, ids: Iterable[UUID]
) -> list[Stream]:
    """Return some streams, folded up to the span's position; one without events is left out."""
    events = await read_streams(connection, sealer, span, list(ids))
    ended, last = fold_events(events, None)
    return [*ended, last] if last is not None else ended


def fold_events(
    events: Iterable[Opened], open_stream: Stream | None
) -> tuple[list[Stream], Stream | None]:
    """Return the streams that ended and the one that may go on."""
    ended = []
    current, folded = open_stream or (None, Folded())
    for row, personal in events:
        stream_id = row[0]
        if stream_id != current:
            if current is not None:
                ended.append((current, folded))
            current, folded = stream_id, Folded()
        take(folded, row, personal)
    return ended, None if current is None else (current, folded)


def take(folded: Folded, row: asyncpg.Record, personal: bytes | None) -> None:
    """Take an event of the log into what its stream came to."""
    stream_id, version, position, kind, schema_version, recorded_at, source, data, *_ = row
    folded.take(
        decode(kind, schema_version, data, personal),
        Place(stream_id, version, position, recorded_at, source),
    )


async def load_user_type(connection: Connection, sealer: Sealer, span: Span) -> ResourceType:
    """Return an organization's type of users, as its log says at the span's position."""
    for _, folded in await fold_streams(connection, sealer, span, [span.organization_id]):
        if isinstance(folded.state, Organization):
            return user_type(folded.state.schemas)
    return USER
