"""Read a log stream by stream, in constant memory. Projections are rebuilt and verified from this."""

import asyncio
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from eventstore.errors import BrokenSeal
from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in
from eventstore.postgres.unnamed import fetch_planned
from eventstore.sealing.sealer import Sealer, opened

statement = statements_in(__package__)


PAGE_EVENTS = 2_000  # In one round trip. Two pages are in memory at a time.
FIRST_ID, LAST_ID = UUID(int=0), UUID(int=2**128 - 1)
SAMPLES_PER_SPAN = (
    50  # Streams sampled for each bound. The sizes of spans then differ by about 15 %.
)


@dataclass(frozen=True, slots=True)
class Span:
    """The streams of an organization whose ids are between two ids (both included), up to a position."""

    organization_id: UUID
    first: UUID
    last: UUID
    position: int


@dataclass(frozen=True, slots=True)
class Reading:
    """The statements that read a span and that read some streams. Readings differ in their last columns.

    The first columns are always stream_id, version, position, type, schema_version, recorded_at, source, data.
    """

    span: str
    streams: str


# Also event_id, sealed, subject_id.
PERSONAL = Reading("read_span", "read_streams")
# Also organization_id, event_id, actor_id, token_id, request_id, and NULL as the subject: nothing is opened.
PROVENANCE = Reading("read_span_provenance", "read_streams_provenance")

# A row of a reading or of read_after, and its personal part. The part is None if the event has none, or
# if its key is gone. Rows stay rows: a rebuild reads a million of them, and building objects costs time.
Opened = tuple[asyncpg.Record, bytes | None]


async def read_tails(connection: Connection) -> dict[UUID, int]:
    """Return the last position of every organization's log."""
    return dict(await connection.fetch(statement("read_tails")))


async def divide(
    connection: Connection, organization_id: UUID, *, position: int, count: int
) -> list[Span]:
    """Divide all streams of a log, up to a position, into spans with about the same number of events.

    The bounds are estimated from a sample of evenly spread positions.
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
    connection: Connection,
    sealer: Sealer,
    span: Span,
    reading: Reading,
    *,
    is_shared: bool = False,
) -> AsyncGenerator[list[Opened], None]:
    """Yield the events of a span in pages. The events of a stream come together and in order.

    The next page is fetched while the caller works on one, so nobody else may use the connection until the last
    page. With `is_shared`, a page is fetched only when the caller asks for it, and between two pages the caller may
    use the connection. The caller needs no transaction: events up to a position never change. A caller that may
    stop before the last page must close the generator (`aclosing`) before the connection.
    """
    async with connection.transaction(readonly=True):
        await connection.execute(statement("read_in_order"))
        cursor = await connection.cursor(
            statement(reading.span), span.organization_id, span.first, span.last, span.position
        )
        if is_shared:
            while page := await _next_page(connection, sealer, span, cursor):
                yield page
            return
        fetching = asyncio.ensure_future(_next_page(connection, sealer, span, cursor))
        try:
            while page := await fetching:
                fetching = asyncio.ensure_future(_next_page(connection, sealer, span, cursor))
                yield page
        finally:
            fetching.cancel()
            await asyncio.gather(fetching, return_exceptions=True)


async def read_streams(  # noqa: PLR0917 - which streams, up to which position, by which statement.
    connection: Connection, sealer: Sealer, span: Span, reading: Reading, ids: Sequence[UUID]
) -> list[Opened]:
    """Return the events of some streams up to the span's position. Those of a stream come together, in order."""
    rows = await connection.fetch(
        statement(reading.streams), span.organization_id, ids, span.position
    )
    return await _open(connection, sealer, span.organization_id, rows)


async def read_values(  # noqa: PLR0917 - of whom, which types, up to which position.
    connection: Connection,
    sealer: Sealer,
    organization_id: UUID,
    stream_ids: Collection[UUID],
    types: Collection[str],
    position: int,
) -> list[Opened]:
    """Return the events of some types of some streams up to a position. Those of a stream come together, in order."""
    rows = await connection.fetch(
        statement("read_values"), organization_id, list(stream_ids), list(types), position
    )
    return await _open(connection, sealer, organization_id, rows)


async def read_named(
    connection: Connection, sealer: Sealer, organization_id: UUID, *, after: int, limit: int
) -> list[Opened]:
    """Return the events after a position that give users their userNames, in the order of the log."""
    rows = await connection.fetch(statement("named_streams"), organization_id, after, limit)
    return await _open(connection, sealer, organization_id, rows)


async def touched_streams(
    connection: Connection, organization_id: UUID, *, after: int, position: int
) -> list[UUID]:
    """Return the streams that have events after one position and up to another."""
    rows = await connection.fetch(statement("touched_streams"), organization_id, after, position)
    return [row["stream_id"] for row in rows]


async def next_touched_streams(
    connection: Connection,
    organization_id: UUID,
    *,
    after: int,
    position: int,
    beyond: UUID | None,
    limit: int,
) -> list[UUID]:
    """Return streams that have events after one position and up to another, by id, after one of them."""
    place = (organization_id, after, position, beyond, limit)
    rows = await fetch_planned(connection, statement("next_touched_streams"), *place)
    return [row["stream_id"] for row in rows]


async def read_after(
    connection: Connection, sealer: Sealer, organization_id: UUID, *, after: int, limit: int
) -> list[Opened]:
    """Return the events after a position, in the order of the log."""
    rows = await connection.fetch(statement("read_after"), organization_id, after, limit)
    return await _open(connection, sealer, organization_id, rows)


# Subject → what opens its events, and how their places begin. Both are made once, not for every event.
Ciphers = Mapping[UUID, tuple[AESGCM, bytes]]


async def _next_page(
    connection: Connection, sealer: Sealer, span: Span, cursor: asyncpg.cursor.Cursor
) -> list[Opened]:
    rows = await cursor.fetch(PAGE_EVENTS)
    return await _open(connection, sealer, span.organization_id, rows) if rows else []


async def _open(
    connection: Connection,
    sealer: Sealer,
    organization_id: UUID,
    rows: Sequence[asyncpg.Record],
) -> list[Opened]:
    ciphers = await _load_ciphers(
        connection, sealer, organization_id, {row[-1] for row in rows} - {None}
    )
    return [(row, None if row[-1] is None else _personal(row, ciphers)) for row in rows]


async def _load_ciphers(
    connection: Connection, sealer: Sealer, organization_id: UUID, subjects: Collection[UUID]
) -> Ciphers:
    if not subjects:
        return {}
    rows = await connection.fetch(statement("load_keys_of_log"), organization_id, list(subjects))
    return {
        subject_id: (
            AESGCM(sealer.unwrap(wrapped, organization_id, subject_id)),
            organization_id.bytes + subject_id.bytes,
        )
        for subject_id, wrapped in rows
    }


# The last columns of a row: event_id, sealed, subject_id.
def _personal(row: asyncpg.Record, ciphers: Ciphers) -> bytes | None:
    found = ciphers.get(row[-1])
    if found is None:
        return None
    cipher, begin = found
    try:
        return opened(cipher, row[-2], begin + row[-3].bytes)
    except BrokenSeal as error:
        raise BrokenSeal(
            f"{BrokenSeal.__doc__} It is {row['type']} at position {row['position']} of organization "
            f"{UUID(bytes=begin[:16])}, stream {row['stream_id']}."
        ) from error
