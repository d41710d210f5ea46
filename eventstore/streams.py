"""Reads a log stream by stream, in constant memory: what a projection is rebuilt and verified from."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from eventstore.personal import Subject, load_keys
from eventstore.seal import Sealer, decrypted, place
from eventstore.statements import Connection, statement

PAGE_EVENTS = 2_000  # In one round trip; two pages are in memory at a time.
FIRST_ID, LAST_ID = UUID(int=0), UUID(int=2**128 - 1)
SAMPLES_PER_SPAN = 50  # Streams looked at for each bound: spans then differ by some 15 %.


@dataclass(frozen=True, slots=True)
class Span:
    """The streams of an organization from one id to another, both included, up to a position."""

    organization_id: UUID
    first: UUID
    last: UUID
    position: int


class StreamEvent(NamedTuple):
    """An event with its personal part opened: None where it has none, or its key is gone."""

    stream_id: UUID
    version: int
    position: int
    type: str
    schema_version: int
    recorded_at: datetime
    source: str
    data: str
    personal: bytes | None


async def read_tails(connection: Connection) -> dict[UUID, int]:
    """Return the last position of every organization's log."""
    return dict(await connection.fetch(statement("read_tails")))


async def divide(
    connection: Connection, organization_id: UUID, *, position: int, count: int
) -> list[Span]:
    """Return all streams of a log up to a position as spans with about as many events each.

    What it does not see of streams is guessed from positions that are evenly spread.
    """
    samples = SAMPLES_PER_SPAN * count
    positions = sorted({1 + position * index // samples for index in range(samples)})
    rows = await connection.fetch(statement("sample_streams"), organization_id, positions)
    ids = [row["stream_id"] for row in rows]
    inner = sorted({ids[len(ids) * index // count] for index in range(1, count)} - {FIRST_ID})
    first = [FIRST_ID, *inner]
    last = [*(UUID(int=each.int - 1) for each in inner), LAST_ID]
    return [Span(organization_id, *bounds, position) for bounds in zip(first, last, strict=True)]


async def read_span(
    connection: Connection, sealer: Sealer, span: Span
) -> AsyncIterator[list[StreamEvent]]:
    """Yield the events of a span in pages, each stream's together and in order.

    The connection is its own until the last page: the next one is on its way while a page is worked on.
    It needs no transaction of the caller's, since what is up to a position never changes.
    """
    async with connection.transaction(readonly=True):
        await connection.execute(statement("read_in_order"))
        cursor = await connection.cursor(
            statement("read_span"), span.organization_id, span.first, span.last, span.position
        )
        fetching = asyncio.ensure_future(_next_page(connection, sealer, span, cursor))
        try:
            while page := await fetching:
                fetching = asyncio.ensure_future(_next_page(connection, sealer, span, cursor))
                yield _opened(*page, span.organization_id)
        finally:
            fetching.cancel()
            await asyncio.gather(fetching, return_exceptions=True)


async def read_streams(
    connection: Connection, sealer: Sealer, span: Span, ids: Sequence[UUID]
) -> list[StreamEvent]:
    """Return the events of some streams up to the span's position, each stream's together."""
    rows = await connection.fetch(
        statement("read_streams"), span.organization_id, ids, span.position
    )
    keys = await _keys(connection, sealer, span, rows)
    return _opened(rows, keys, span.organization_id)


async def read_after(
    connection: Connection, sealer: Sealer, organization_id: UUID, *, after: int, limit: int
) -> list[StreamEvent]:
    """Return the events after a position, in the order of the log."""
    span = Span(organization_id, FIRST_ID, LAST_ID, after)
    rows = await connection.fetch(statement("read_after"), organization_id, after, limit)
    return _opened(rows, await _keys(connection, sealer, span, rows), organization_id)


Keys = Mapping[Subject, AESGCM]


async def _next_page(
    connection: Connection,
    sealer: Sealer,
    span: Span,
    cursor: asyncpg.cursor.Cursor,
) -> tuple[list[asyncpg.Record], Keys] | None:
    rows = await cursor.fetch(PAGE_EVENTS)
    return (rows, await _keys(connection, sealer, span, rows)) if rows else None


async def _keys(
    connection: Connection, sealer: Sealer, span: Span, rows: Sequence[asyncpg.Record]
) -> Keys:
    """Return the ciphers of the subjects of some events: made once, and not for every event."""
    subjects = {(span.organization_id, row[10]) for row in rows if row[10] is not None}
    if not subjects:
        return {}
    keys = await load_keys(connection, sealer, subjects)
    return {subject: AESGCM(key) for subject, key in keys.items()}


def _opened(rows: Sequence[asyncpg.Record], keys: Keys, organization_id: UUID) -> list[StreamEvent]:
    events = []
    for row in rows:
        *shown, event_id, sealed, subject_id = row
        cipher = keys.get((organization_id, subject_id)) if sealed is not None else None
        personal = None
        if cipher is not None:
            personal = decrypted(cipher, sealed, place(organization_id, subject_id, event_id))
        events.append(StreamEvent(*shown, personal))
    return events
