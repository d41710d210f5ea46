"""Writes what a batch of events comes to into the tables of history; the caller owns the transaction."""

import asyncio
from collections.abc import Mapping, Sequence
from uuid import UUID

from eventstore.events import RecordedEvent
from projections.followers import Follower
from projections.history import PERIODS, Period, Periods, Row
from projections.load import Connection
from projections.statements import statement

FOLD_EVENTS_MAX = 100  # Folded at a stretch: about a millisecond, then requests have their turn.
TABLES: Mapping[Period, str] = {
    "role": "role_periods",
    "access": "access_periods",
    "membership": "membership_periods",
    "lifetime": "lifetimes",
}


class NothingToEnd(Exception):
    """An event ends a period that is not open: history and log do not tell the same story."""


async def write_history(
    connection: Connection, organization_id: UUID, events: Sequence[RecordedEvent]
) -> None:
    """Take the next events of an organization into history, whose tables the search path names.

    Errors: NothingToEnd, those of decode, IntegrityConstraintViolationError.
    """
    periods = Periods()
    for begin in range(0, len(events), FOLD_EVENTS_MAX):
        periods.add(events[begin : begin + FOLD_EVENTS_MAX])
        await asyncio.sleep(0)
    # Ends come first: where one period ends and the next begins, never are two open.
    for period in PERIODS:
        await _end(connection, organization_id, period, periods)
    if periods.ended_groups:
        await _execute(connection, "end_group_memberships", organization_id, periods.ended_groups)
    for period in PERIODS:
        if rows := periods.rows(period):
            await _execute(connection, f"add_{TABLES[period]}", organization_id, rows)
    await _execute(connection, "add_activity", organization_id, periods.activity)


async def _end(
    connection: Connection, organization_id: UUID, period: Period, periods: Periods
) -> None:
    name = f"end_{TABLES[period]}"
    if certain := periods.ended.get(period):
        found = await _fetch(connection, name, organization_id, certain)
        if found != len(certain):
            raise NothingToEnd(NothingToEnd.__doc__)
    if perhaps := periods.perhaps_ended.get(period):
        await _fetch(connection, name, organization_id, perhaps)


async def _fetch(
    connection: Connection, name: str, organization_id: UUID, rows: Sequence[Row]
) -> int:
    """Run a statement on columns of rows; return how many rows it gave back."""
    columns = zip(*rows, strict=True)
    return len(await connection.fetch(statement(name), organization_id, *columns))


async def _execute(
    connection: Connection, name: str, organization_id: UUID, rows: Sequence[Row]
) -> None:
    await connection.execute(statement(name), organization_id, *zip(*rows, strict=True))


HISTORY = Follower("history", write_history)
