"""Write what a batch of events leads to into the tables of history. The caller owns the transaction."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

from eventstore.events import RecordedEvent
from eventstore.postgres.connection import Connection
from eventstore.postgres.copying import copy_rows
from eventstore.postgres.statements import statements_in
from projections.followers.follower import Follower
from projections.history.periods import PERIODS, Period, Periods

statement = statements_in(__package__)


# Characters of data that are folded without a break. It takes some milliseconds; then requests run.
FOLD_DATA_MAX = 40_000
TIMES = ("from_position", "from_at", "to_position", "to_at")
TABLES: Mapping[Period, str] = {
    "role": "role_periods",
    "access": "access_periods",
    "membership": "membership_periods",
    "lifetime": "lifetimes",
}
COLUMNS: Mapping[Period, Sequence[str]] = {  # In the order of `Periods.rows`.
    "role": ("user_id", "role_id", "assigned_by", "source", "request_id", *TIMES),
    "access": ("user_id", *TIMES),
    "membership": ("group_id", "member_id", "member_type", *TIMES),
    "lifetime": ("resource_id", "resource_type", *TIMES),
}
ACTIVITY_COLUMNS = (  # In the order of `Periods.activity`.
    "position",
    "at",
    "type",
    "stream_id",
    "actor_id",
    "token_id",
    "request_id",
    "source",
    "facts",
)


class NothingToEnd(Exception):
    """An event ends a period that is not open: history and the log disagree."""


async def write_history(
    connection: Connection, organization_id: UUID, events: Sequence[RecordedEvent]
) -> None:
    """Apply the next events of an organization to history. Its tables are on the search path.

    Errors: NothingToEnd, those of decode, IntegrityConstraintViolationError.
    """
    periods, owner = Periods(), (organization_id,)
    for piece in pieces(events):
        periods.add(piece)
        await asyncio.sleep(0)
    # Ends come first: when one period ends and the next begins, two are never open at once.
    for period in PERIODS:
        await _end(connection, organization_id, period, periods)
    if periods.ended_groups:
        columns = zip(*periods.ended_groups, strict=True)
        await connection.execute(statement("end_group_memberships"), organization_id, *columns)
    for period in PERIODS:
        if rows := periods.rows(period):
            names = ("organization_id", *COLUMNS[period])
            await copy_rows(connection, TABLES[period], names, rows, prefix=owner)
    names = ("organization_id", *ACTIVITY_COLUMNS)
    await copy_rows(connection, "activity", names, periods.activity, prefix=owner)


def pieces(events: Sequence[RecordedEvent]) -> Iterator[list[RecordedEvent]]:
    """Yield events in pieces of about equal work: most events are small, some have a thousand members."""
    piece, size = list[RecordedEvent](), 0
    for event in events:
        piece.append(event)
        size += len(event.data)
        if size >= FOLD_DATA_MAX:
            yield piece
            piece, size = [], 0
    if piece:
        yield piece


async def _end(
    connection: Connection, organization_id: UUID, period: Period, periods: Periods
) -> None:
    name = f"end_{TABLES[period]}"
    if certain := periods.ended.get(period):
        columns = zip(*certain, strict=True)
        found = await connection.fetch(statement(name), organization_id, *columns)
        if len(found) != len(certain):
            raise NothingToEnd(NothingToEnd.__doc__)
    if perhaps := periods.perhaps_ended.get(period):
        columns = zip(*perhaps, strict=True)
        await connection.execute(statement(name), organization_id, *columns)


HISTORY = Follower("history", write_history)
