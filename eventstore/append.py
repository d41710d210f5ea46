"""Append events to an organization's log."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from eventstore.errors import refusal
from eventstore.events import NewEvent, RecordedEvent
from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in
from eventstore.proof.leaf import leaf_bytes, mark_of
from eventstore.sealing.events import Sealed, seal_events
from eventstore.sealing.sealer import Sealer
from eventstore.slices import results_of

statement = statements_in(__package__)


# In one statement: more would be encoded for too long without a break. One event may have a thousand members.
EVENTS_TOGETHER, DATA_TOGETHER = 1_000, 500_000
TICK = timedelta(microseconds=1)  # The smallest step of a timestamptz.


@dataclass(frozen=True, slots=True)
class Tail:
    """Where a log ends."""

    position: int  # 0: the log is empty.
    recorded_at: datetime | None  # None: the log is empty.
    now: datetime  # By Postgres's clock, read after the wait for a lock.

    def recorded_at_of(self, index: int) -> datetime:
        """Return the instant of an appended event, counted from 0. It is always later than the tail's."""
        # The clock may stop or step back; the instants of a log always increase.
        begin = self.now
        if self.recorded_at is not None and begin <= self.recorded_at:
            begin = self.recorded_at + TICK
        return begin + index * TICK


async def lock_log(connection: Connection, organization_id: UUID) -> Tail:
    """Lock the log until the transaction ends, and return its tail. Nobody else can move the tail meanwhile.

    The transaction must be READ COMMITTED. The call waits for the organization's other appends, and for the
    swap of a projection. Call it before you read the state that the events are decided from.
    """
    return Tail(*await connection.fetchrow(statement("lock_log"), organization_id))


async def append(  # noqa: PLR0917 - in this log, after its tail, these events.
    connection: Connection,
    organization_id: UUID,
    tail: Tail,
    events: Sequence[NewEvent],
    sealer: Sealer,
) -> list[RecordedEvent]:
    """Append events after the tail that `lock_log` returned in this transaction; return them as recorded.

    A subject is new, and gets a key, if one of these events is the first of its stream.
    Errors: WrongExpectedVersion, WrongTail, SubjectErased, SubjectExists. The transaction then fails.
    """
    recorded: list[RecordedEvent] = []
    for some in _together(events):
        first = len(recorded)
        made, sealed = await prepare(connection, organization_id, tail, some, sealer, first=first)
        await insert(connection, organization_id, made, sealed)
        recorded += made
    return recorded


def _together(events: Sequence[NewEvent]) -> Iterator[Sequence[NewEvent]]:
    """Yield events in pieces that one statement writes in some milliseconds."""
    begin = size = 0
    for index, event in enumerate(events):
        size += len(event.data) + len(event.personal or b"")
        if index > begin and (size > DATA_TOGETHER or index - begin == EVENTS_TOGETHER):
            yield events[begin:index]
            begin, size = index, len(event.data) + len(event.personal or b"")
    if begin < len(events):
        yield events[begin:]


async def prepare(  # noqa: PLR0917 - as append.
    connection: Connection,
    organization_id: UUID,
    tail: Tail,
    events: Sequence[NewEvent],
    sealer: Sealer,
    *,
    first: int = 0,
) -> tuple[list[RecordedEvent], Sealed]:
    """Return events as they will be recorded after a tail, their sealed parts and their marks. Errors: SubjectErased.

    `first` says how many events come between the tail and these.
    """
    sealed = await seal_events(connection, organization_id, events, sealer)
    recorded = [
        record(organization_id, tail, index, event, sealed=part)
        for index, (event, part) in enumerate(zip(events, sealed.parts, strict=True), first)
    ]
    return recorded, sealed._replace(marks=await marks_of(recorded, sealer.mark_key))


async def marks_of(events: Sequence[RecordedEvent], key: bytes | None) -> list[bytes | None]:
    """Return the marks of events; None for each if there is no key."""
    if key is None:
        return [None] * len(events)
    return await results_of(lambda each: mark_of(key, leaf_bytes(each)), events)


def record(
    organization_id: UUID, tail: Tail, index: int, event: NewEvent, *, sealed: bytes | None
) -> RecordedEvent:
    """Return an event at its place in the log."""
    by = event.provenance
    return RecordedEvent(
        organization_id,
        tail.position + 1 + index,
        event.stream_id,
        event.version,
        event.event_id,
        event.type,
        event.schema_version,
        tail.recorded_at_of(index),
        by.actor_id,
        by.token_id,
        by.request_id,
        by.source,
        event.data,
        sealed,
        event.subject_id,
    )


async def insert(
    connection: Connection, organization_id: UUID, events: Sequence[RecordedEvent], sealed: Sealed
) -> None:
    """Write events, and the new keys of their subjects, in one statement."""
    columns = columns_of(events, sealed)
    try:
        await connection.execute(statement("append_events"), organization_id, *columns)
    except asyncpg.IntegrityConstraintViolationError as error:
        raise refusal(error) from error


async def try_append(connection: Connection) -> None:
    """Append nothing, and wait for the disk. Errors: asyncpg's, those that an append would meet now."""
    await connection.fetch(statement("try_append"))


def columns_of(events: Sequence[RecordedEvent], sealed: Sealed) -> list[list[Any]]:
    """Return the columns of events and new keys, as append_events takes them after the organization."""
    _, *columns = [list(column) for column in zip(*events, strict=True)]
    return [*columns, list(sealed.marks), list(sealed.new_keys), list(sealed.new_keys.values())]
