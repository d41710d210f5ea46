"""Fold the streams of a log into the rows of a projection: stream by stream, in constant memory."""

from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Mapping
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from functools import cached_property
from operator import itemgetter
from typing import Any, Protocol, TypeAlias
from uuid import UUID

import asyncpg

from eventstore.errors import BrokenSeal
from eventstore.postgres.connection import Connection
from eventstore.read_streams import Opened, Reading, Span, read_span, read_streams
from eventstore.sealing.sealer import Sealer
from schema.events.codec import UnknownEvent
from schema.scim.resource_type import ResourceType

Row = tuple[Any, ...]
Logged: TypeAlias = asyncpg.Record  # An event as `Fold.reading` returns it.
Parked = Mapping[UUID, int]  # Stream → position of the first event that waits.
NOTHING_PARKED: Parked = {}


@dataclass(frozen=True)
class Table:
    """A table of a projection, as the fold fills it."""

    columns: tuple[str, ...]  # In the order of a row.
    key: tuple[str, ...]
    stream: str  # The column that holds the stream of a row.
    personal: frozenset[str] = frozenset()  # The columns that hold what the log seals.

    @cached_property
    def key_of(self) -> Callable[[Row], Row]:
        """Return a function that returns the key of a row."""
        indexes = [self.columns.index(name) for name in self.key]
        return itemgetter(*indexes) if len(indexes) > 1 else lambda row: (row[indexes[0]],)

    @property
    def order(self) -> tuple[str, ...]:
        """Return the columns by which the rows of an organization are in the order of their streams, then of their key."""
        rest = (each for each in self.key if each not in {"organization_id", self.stream})
        return (self.stream, *rest)

    @cached_property
    def order_of(self) -> Callable[[Row], Any]:
        """Return a function that returns the place of a row in that order."""
        return itemgetter(*map(self.columns.index, self.order))

    def stream_of(self, row: Row) -> UUID:
        """Return the stream that a row belongs to."""
        stream_id: UUID = row[self.columns.index(self.stream)]
        return stream_id


@dataclass(frozen=True, slots=True)
class Failure:
    """The event that a follower cannot apply, and why. The rows from earlier events of the stream stay."""

    event: Logged
    error: Exception


class NotFolded(Exception):
    """The log holds an event that this release cannot read.

    The message names the place of the event, but none of its values, which may be personal.
    """


def not_folded(organization_id: UUID, row: Logged, error: Exception) -> NotFolded:
    """Return which event cannot be read, and what to do about it."""
    remedy = (
        "Install the release that knows it"
        if isinstance(error, UnknownEvent)
        else "Install the release that wrote it, or report this"
    )
    return NotFolded(
        f"This release cannot read {row['type']} version {row['schema_version']} at position "
        f"{row['position']} of organization {organization_id}, stream {row['stream_id']} "
        f"({type(error).__name__}). {remedy}."
    )


@contextmanager
def naming_broken_seals() -> Iterator[None]:
    """Report a personal part that does not open as an event that cannot be read. Errors: NotFolded."""
    try:
        yield
    except BrokenSeal as error:
        raise NotFolded(str(error)) from error


class Folded(Protocol):
    """The state after the events of a stream so far."""

    failure: Failure | None

    def take(self, row: Logged, personal: bytes | None, /) -> None:
        """Apply the next event."""

    def rows(
        self, organization_id: UUID, users: ResourceType, sealer: Sealer, /
    ) -> Iterator[tuple[str, Row]]:
        """Yield the rows that the stream leads to, each with its table."""


Stream = tuple[UUID, Folded]


@dataclass(frozen=True, slots=True)
class Fold:
    """How to make a projection from the log."""

    tables: Mapping[str, Table]
    begin: Callable[[], Folded]
    reading: Reading


@dataclass(frozen=True, slots=True)
class Page:
    """The streams that are complete after a page of events. The last stream of a page may go on in the next."""

    events: int
    streams: list[Stream]


async def fold_span(  # noqa: PLR0917 - what is folded, and by what it is read.
    connection: Connection,
    sealer: Sealer,
    fold: Fold,
    span: Span,
    parked: Parked = NOTHING_PARKED,
    *,
    is_shared: bool = False,
) -> AsyncGenerator[Page, None]:
    """Yield the streams of a span, folded, in the order of their ids.

    Nobody else may use the connection meanwhile; with `is_shared` the caller may, between two pages. Events that wait
    in parked streams are left out. Errors: NotFolded.
    """
    open_stream: Stream | None = None
    with naming_broken_seals():
        reading = read_span(connection, sealer, span, fold.reading, is_shared=is_shared)
        async with aclosing(reading) as pages:
            async for events in pages:
                readable = without_waiting(events, parked)
                ended, open_stream = fold_events(fold, span.organization_id, readable, open_stream)
                yield Page(len(events), ended)
    if open_stream is not None:
        yield Page(0, [open_stream])


async def fold_streams(  # noqa: PLR0917 - as fold_span.
    connection: Connection,
    sealer: Sealer,
    fold: Fold,
    span: Span,
    ids: Iterable[UUID],
    parked: Parked = NOTHING_PARKED,
) -> list[Stream]:
    """Return some streams, folded up to the span's position. Errors: NotFolded.

    Streams without events are left out.
    """
    with naming_broken_seals():
        events = await read_streams(connection, sealer, span, fold.reading, list(ids))
    readable = without_waiting(events, parked)
    ended, last = fold_events(fold, span.organization_id, readable, None)
    return [*ended, last] if last is not None else ended


def without_waiting(events: list[Opened], parked: Parked) -> list[Opened]:
    """Return events without those that wait."""
    if not parked:
        return events
    return [(row, personal) for row, personal in events if not is_waiting(row, parked)]


def is_waiting(row: Logged, parked: Parked) -> bool:
    """Return whether an event waits with its parked stream."""
    first = parked.get(row["stream_id"])
    return first is not None and row["position"] >= first


def fold_events(
    fold: Fold, organization_id: UUID, events: Iterable[Opened], open_stream: Stream | None
) -> tuple[list[Stream], Stream | None]:
    """Return the streams that are complete, and the one that may go on. Errors: NotFolded."""
    ended = []
    current, folded = open_stream or (None, fold.begin())
    for row, personal in events:
        stream_id = row[0]
        if stream_id != current:
            if current is not None:
                ended.append((current, folded))
            current, folded = stream_id, fold.begin()
        take(folded, organization_id, row, personal)
    return ended, None if current is None else (current, folded)


def take(folded: Folded, organization_id: UUID, row: Logged, personal: bytes | None) -> None:
    """Apply the next event of a stream. Errors: NotFolded."""
    try:
        folded.take(row, personal)
    except Exception as error:
        raise not_folded(organization_id, row, error) from error
