"""Rebuild a projection with a follower: checkpoints move with the tables; a running follower goes on in the new."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest

from projections.followers.follower import Superseded, advance, load_checkpoints
from projections.followers.parked import parked, retry_parked
from projections.history.read import role_at_position
from projections.history.write import HISTORY
from projections.maintenance.context import RebuildContext
from projections.rebuild.rebuild import rebuild, roll_back
from schema.events.group import MembersAdded, MembersRemoved
from schema.events.user import RoleAssigned, UserDeactivated, UserDeleted
from service.background.followers import Followers
from service.database.logins.session import ServiceLogin
from tests.builders import (
    ANN,
    EDITOR,
    JO,
    ORGANIZATION_ID,
    READER,
    SALES,
    STAFF,
    ann,
    created,
    jo,
    provisioned,
    sales,
    staff,
)
from tests.database.book import SEALER, Book, follow_to_the_end
from tests.database.rebuilding import differences, rebuild_context, rebuild_until, rows_of, silent
from tests.database.test_followers_lead import timing

SOON_S = 10.0
PROMOTED = RoleAssigned(role_id=EDITOR, previous_role_id=READER)
WRONG = MembersRemoved(members=(JO,))  # There was no member.


@pytest.fixture
async def book(connection: asyncpg.Connection) -> Book:
    """Give a log with two users, a group, and another group whose second event is poison."""
    book = Book(connection)
    await book.record(jo(provisioned(role=READER)), ann(provisioned("ann")), jo(PROMOTED))
    await book.record(sales(created()), sales(MembersAdded(members=(JO, ANN))))
    await book.record(staff(created("Staff")), staff(WRONG), staff(MembersAdded(members=(ANN,))))
    return book


@pytest.fixture
def place(database_url: str, book: Book) -> RebuildContext:
    """Give where the history of the organization is rebuilt."""
    return rebuild_context(database_url, "history")


@asynccontextmanager
async def following(dsn: str) -> AsyncIterator[None]:
    """Follow, as the service does, for the duration of the block."""
    followers = Followers(ServiceLogin(dsn), SEALER, timing=timing())
    task = asyncio.create_task(followers.run())
    try:
        yield
    finally:
        followers.stop()
        await asyncio.wait_for(task, SOON_S)


async def until_followed(connection: asyncpg.Connection, position: int) -> None:
    """Return when history has reached a position."""
    async with asyncio.timeout(SOON_S):
        # This waits for Postgres, which sets no Event.
        while (await load_checkpoints(connection, "history")) != {ORGANIZATION_ID: position}:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_a_rebuilt_history_is_what_the_follower_wrote(
    place: RebuildContext, connection: asyncpg.Connection
) -> None:
    await follow_to_the_end(connection, HISTORY)
    written = await rows_of(connection, "history")
    await rebuild(place, silent)
    assert await rows_of(connection, "history") == written


async def test_the_checkpoint_moves_with_the_tables(
    place: RebuildContext, connection: asyncpg.Connection
) -> None:
    await advance(connection, HISTORY, ORGANIZATION_ID, after=0, limit=2)
    await rebuild(place, silent)
    assert await load_checkpoints(connection, "history") == {ORGANIZATION_ID: 8}
    assert await load_checkpoints(connection, "history_previous") == {ORGANIZATION_ID: 2}
    assert await load_checkpoints(connection, "history_next") == {}


async def test_a_follower_that_was_ahead_of_the_swap_writes_nothing_and_goes_on_from_there(
    place: RebuildContext, book: Book, connection: asyncpg.Connection
) -> None:
    await rebuild(place, silent)
    with pytest.raises(Superseded):
        await advance(connection, HISTORY, ORGANIZATION_ID, after=2)
    await book.record(ann(UserDeactivated()))
    assert await advance(connection, HISTORY, ORGANIZATION_ID, after=8) == 9
    assert await differences(place) == []


async def test_what_serves_never_goes_back(
    place: RebuildContext, book: Book, connection: asyncpg.Connection
) -> None:
    await rebuild_until("swap", place)
    await book.record(ann(UserDeactivated()))
    await follow_to_the_end(connection, HISTORY)
    await rebuild(place, silent)
    assert await load_checkpoints(connection, "history") == {ORGANIZATION_ID: 9}
    assert await differences(place) == []


async def test_the_follower_that_runs_goes_on_in_the_new_tables(
    place: RebuildContext, book: Book, connection: asyncpg.Connection
) -> None:
    async with following(place.dsn):
        await until_followed(connection, 8)
        await rebuild(place, silent)
        await book.record(jo(UserDeactivated()))
        await until_followed(connection, 9)
    assert await differences(place) == []
    last = "SELECT max(position) FROM {}.activity"
    assert await connection.fetchval(last.format("history")) == 9
    assert await connection.fetchval(last.format("history_previous")) == 6


async def test_many_rebuilds_under_a_running_follower_lose_nothing(
    place: RebuildContext, book: Book, connection: asyncpg.Connection
) -> None:
    owner = await asyncpg.connect(place.dsn)
    writing = Book(owner, versions=book.versions)
    async with following(place.dsn):
        for _ in range(5):
            recording = asyncio.create_task(record_many(writing))
            await rebuild(place, silent)
            await recording
        await until_followed(connection, 8 + 5 * 40)
    assert await differences(place) == []
    await owner.close()


async def record_many(book: Book) -> None:
    """Append many events one after the other; the follower needs several batches for them."""
    for _ in range(20):
        await book.record(sales(MembersRemoved(members=(JO,))), sales(MembersAdded(members=(JO,))))


async def test_an_event_that_cannot_be_applied_parks_its_stream_in_the_new_tables_too(
    place: RebuildContext, connection: asyncpg.Connection
) -> None:
    await follow_to_the_end(connection, HISTORY)
    (before,) = await parked(connection, "history")
    await rebuild(place, silent)
    (after,) = await parked(connection, "history")
    expected = (STAFF, 7, "MembersRemoved", 2)
    for each in (before, after):
        assert (each.stream_id, each.position, each.event_type, each.version) == expected
        assert each.error.startswith("NothingToEnd")
    assert len(await parked(connection, "history_previous")) == 1


async def test_a_rebuild_applies_what_was_parked_for_a_reason_that_is_gone(
    place: RebuildContext, connection: asyncpg.Connection
) -> None:
    await follow_to_the_end(connection, HISTORY)
    await connection.execute("DELETE FROM history.role_periods")
    await retry_parked(connection, HISTORY)
    await rebuild(place, silent)
    period = await role_at_position(connection, ORGANIZATION_ID, JO, 8)
    assert period is not None
    assert period.role_id == EDITOR


async def test_a_parked_stream_is_no_difference(
    place: RebuildContext, connection: asyncpg.Connection
) -> None:
    await follow_to_the_end(connection, HISTORY)
    assert await differences(place) == []


async def test_a_rollback_of_history_follows_up_what_came_since(
    place: RebuildContext, book: Book, connection: asyncpg.Connection
) -> None:
    await follow_to_the_end(connection, HISTORY)
    await rebuild(place, silent)
    await book.record(jo(UserDeleted()))
    await roll_back(place, silent)
    assert await load_checkpoints(connection, "history") == {ORGANIZATION_ID: 9}
    assert await role_at_position(connection, ORGANIZATION_ID, JO, 9) is None
    assert await differences(place) == []


@pytest.mark.parametrize("step", ["load", "index", "read back", "catch up", "compare", "swap"])
async def test_an_interrupted_rebuild_of_history_goes_on(
    step: str, place: RebuildContext, connection: asyncpg.Connection
) -> None:
    await follow_to_the_end(connection, HISTORY)
    written = await rows_of(connection, "history")
    await rebuild_until(step, place)
    assert await rows_of(connection, "history") == written
    await rebuild(place, silent)
    assert await rows_of(connection, "history") == written


async def test_a_row_of_history_that_was_changed_by_hand_is_found_with_its_events(
    place: RebuildContext, connection: asyncpg.Connection
) -> None:
    await follow_to_the_end(connection, HISTORY)
    await connection.execute(
        "UPDATE history.role_periods SET role_id = $1 WHERE user_id = $2 AND to_position IS NULL",
        READER,
        JO,
    )
    (found,) = await differences(place)
    assert (found.table, found.kind, found.columns) == ("role_periods", "different", ("role_id",))
    assert (found.expected, found.found) == ({"role_id": EDITOR}, {"role_id": READER})
    assert found.events == ((1, "UserProvisioned"), (3, "RoleAssigned"))


async def test_a_row_of_history_that_is_gone_and_one_too_many_are_found(
    place: RebuildContext, connection: asyncpg.Connection
) -> None:
    await follow_to_the_end(connection, HISTORY)
    await connection.execute("DELETE FROM history.lifetimes WHERE resource_id = $1", SALES)
    await connection.execute(
        "INSERT INTO history.access_periods SELECT organization_id, user_id, 99, from_at, 100,"
        " from_at + interval '1 s' FROM history.access_periods WHERE user_id = $1",
        ANN,
    )
    found = await differences(place)
    assert sorted((each.kind, each.table, each.stream_id) for each in found) == [
        ("extra", "access_periods", ANN),
        ("missing", "lifetimes", SALES),
    ]
