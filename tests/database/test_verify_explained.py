"""A row that differs comes with the events that explain it, not with all events of a long stream."""

from uuid import UUID

import asyncpg
import pytest

from projections.history.write import HISTORY
from projections.maintenance.context import RebuildContext
from projections.verify.explain import EVENTS_MAX
from schema.events.group import GroupChanged, MembersAdded, MembersRemoved
from tests.builders import ANN, JO, SALES, created, sales
from tests.database.book import Book, follow_to_the_end
from tests.database.rebuilding import differences, rebuild_context

CROWD = 60
CHANGES = (
    created(),
    MembersAdded(members=(JO, ANN)),
    *(MembersAdded(members=(UUID(int=each),)) for each in range(CROWD)),
    MembersRemoved(members=(JO,)),
    GroupChanged(values={"displayName": "Selling"}),
)


@pytest.fixture
async def place(database_url: str, connection: asyncpg.Connection) -> RebuildContext:
    """Give the context for verifying history, with a group that has many events."""
    await Book(connection).record(*map(sales, CHANGES))
    await follow_to_the_end(connection, HISTORY)
    return rebuild_context(database_url, "history")


async def test_a_membership_comes_with_the_events_that_name_the_member(
    place: RebuildContext, connection: asyncpg.Connection
) -> None:
    await connection.execute("DELETE FROM history.membership_periods WHERE member_id = $1", JO)
    (found,) = await differences(place)
    last = len(CHANGES) - 1
    assert found.events == ((1, "GroupCreated"), (2, "MembersAdded"), (last, "MembersRemoved"))
    assert found.earlier == 0


async def test_each_of_many_memberships_comes_with_its_own_events(
    place: RebuildContext, connection: asyncpg.Connection
) -> None:
    await connection.execute("DELETE FROM history.membership_periods")
    found = {each.key[1]: each.events for each in await differences(place)}
    assert len(found) == CROWD + 2
    assert found[str(ANN)] == ((1, "GroupCreated"), (2, "MembersAdded"))
    assert found[str(UUID(int=7))] == ((1, "GroupCreated"), (10, "MembersAdded"))


async def test_another_row_comes_with_the_latest_events_and_how_many_there_are_before(
    place: RebuildContext, connection: asyncpg.Connection
) -> None:
    await connection.execute("DELETE FROM history.lifetimes WHERE resource_id = $1", SALES)
    (found,) = await differences(place)
    assert len(found.events) == EVENTS_MAX
    assert found.events[-1] == (len(CHANGES), "GroupChanged")
    assert found.earlier == len(CHANGES) - EVENTS_MAX


async def test_a_line_of_the_timeline_comes_with_its_event(
    place: RebuildContext, connection: asyncpg.Connection
) -> None:
    await connection.execute("DELETE FROM history.activity WHERE position = 2")
    (found,) = await differences(place)
    assert (found.events, found.earlier) == (((2, "MembersAdded"),), 0)
