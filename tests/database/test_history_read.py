"""History answers who had which role and access, who was in a group, and who did what."""

from datetime import timedelta
from uuid import uuid4

import asyncpg
import pytest

from eventstore.events import RecordedEvent
from projections.history.read import (
    Activity,
    activity_of_actor,
    activity_of_resource,
    members_at,
    role_at,
)
from projections.history.write import HISTORY
from schema.events.group import GroupDeleted, MembersAdded
from schema.events.user import RoleAssigned, UserDeactivated, UserDeleted, UserReactivated
from tests.builders import (
    ANN,
    EDITOR,
    JO,
    ORGANIZATION_ID,
    READER,
    SALES,
    ann,
    created,
    jo,
    provisioned,
    sales,
)
from tests.database.book import ANNS_HAND, ENTRA, Book, follow_to_the_end

PROMOTED = RoleAssigned(role_id=EDITOR, previous_role_id=READER)
TICK = timedelta(microseconds=1)
ACCESS = "SELECT from_position, to_position FROM history.access_periods ORDER BY from_position"
LIFETIMES = "SELECT resource_id, from_position, to_position FROM history.lifetimes ORDER BY 2"


@pytest.fixture
async def book(connection: asyncpg.Connection) -> Book:
    """Give an empty log."""
    return Book(connection)


async def followed(book: Book, connection: asyncpg.Connection) -> asyncpg.Connection:
    """Return the connection after history has followed the log."""
    await follow_to_the_end(connection, HISTORY, book.organization_id)
    return connection


async def test_a_role_lasts_until_just_before_the_next(
    book: Book, service_connection: asyncpg.Connection
) -> None:
    first, second = await book.record(jo(provisioned(role=READER)), jo(PROMOTED))
    history = await followed(book, service_connection)
    before = await role_at(history, ORGANIZATION_ID, JO, second.recorded_at - TICK)
    after = await role_at(history, ORGANIZATION_ID, JO, second.recorded_at)
    assert before
    assert after
    assert (before.role_id, before.from_at, before.to_position) == (READER, first.recorded_at, 2)
    assert (after.role_id, after.from_position, after.to_at) == (EDITOR, 2, None)


async def test_a_role_shows_who_assigned_it_through_which_door(
    book: Book, service_connection: asyncpg.Connection
) -> None:
    await book.record(jo(provisioned()), by=ENTRA)
    (event,) = await book.record(jo(PROMOTED), by=ANNS_HAND)
    history = await followed(book, service_connection)
    period = await role_at(history, ORGANIZATION_ID, JO, event.recorded_at)
    assert period
    assert (period.assigned_by, period.source) == ("cli:ann", "cli")
    assert period.request_id == ANNS_HAND.request_id


async def test_a_deleted_user_has_no_role_any_more(
    book: Book, service_connection: asyncpg.Connection
) -> None:
    *_, gone = await book.record(jo(provisioned()), jo(UserDeleted()))
    history = await followed(book, service_connection)
    assert await role_at(history, ORGANIZATION_ID, JO, gone.recorded_at) is None


async def test_another_organization_has_no_part_in_the_answers(
    book: Book, service_connection: asyncpg.Connection
) -> None:
    (event,) = await book.record(jo(provisioned()))
    history = await followed(book, service_connection)
    assert await role_at(history, uuid4(), JO, event.recorded_at) is None


async def test_access_is_interrupted_by_deactivation(
    book: Book, service_connection: asyncpg.Connection
) -> None:
    await book.record(jo(provisioned()), jo(UserDeactivated()), jo(UserReactivated()))
    await book.record(jo(UserDeleted()))
    history = await followed(book, service_connection)
    assert [tuple(row) for row in await history.fetch(ACCESS)] == [(1, 2), (3, 4)]


async def test_an_inactive_user_can_be_deleted(
    book: Book, service_connection: asyncpg.Connection
) -> None:
    await book.record(jo(provisioned()), jo(UserDeactivated()))
    await followed(book, service_connection)
    await book.record(jo(UserDeleted()))
    await follow_to_the_end(service_connection, HISTORY, after=2)
    assert [tuple(row) for row in await service_connection.fetch(ACCESS)] == [(1, 2)]
    assert [tuple(row) for row in await service_connection.fetch(LIFETIMES)] == [(JO, 1, 3)]


async def test_a_deleted_group_has_no_members_any_more(
    book: Book, service_connection: asyncpg.Connection
) -> None:
    _, full = await book.record(sales(created()), sales(MembersAdded(members=(JO, ANN))))
    await followed(book, service_connection)
    (gone,) = await book.record(sales(GroupDeleted()))
    await follow_to_the_end(service_connection, HISTORY, after=2)
    place = (service_connection, ORGANIZATION_ID, SALES)
    assert len(await members_at(*place, full.recorded_at, limit=10)) == 2
    assert await members_at(*place, gone.recorded_at, limit=10) == []


async def test_members_come_in_pages(book: Book, service_connection: asyncpg.Connection) -> None:
    _, full = await book.record(sales(created()), sales(MembersAdded(members=(ANN, JO))))
    history = await followed(book, service_connection)
    place = (history, ORGANIZATION_ID, SALES, full.recorded_at)
    (first,) = await members_at(*place, limit=1)
    (second,) = await members_at(*place, limit=1, after=first.member_id)
    assert [first.member_id, second.member_id] == sorted([JO, ANN])
    assert await members_at(*place, limit=1, after=second.member_id) == []


async def activity(
    connection: asyncpg.Connection, events: list[RecordedEvent], limit: int = 10
) -> list[Activity]:
    """Return the activity on Jo between the first and the last of some events, both excluded."""
    return await activity_of_resource(
        connection,
        ORGANIZATION_ID,
        JO,
        after=events[0].recorded_at,
        before=events[-1].recorded_at,
        limit=limit,
    )


async def test_the_activity_of_a_resource_is_its_own(
    book: Book, service_connection: asyncpg.Connection
) -> None:
    events = await book.record(
        jo(provisioned()), jo(PROMOTED), ann(provisioned("ann")), jo(UserDeactivated())
    )
    (done,) = await activity(await followed(book, service_connection), events)
    assert done == Activity(
        position=2,
        at=events[1].recorded_at,
        type="RoleAssigned",
        stream_id=JO,
        actor_id="technical-account",
        token_id=ENTRA.token_id,
        request_id=ENTRA.request_id,
        source="scim",
        facts={"roleId": str(EDITOR), "previousRoleId": str(READER)},
    )


async def test_activity_comes_in_pages_by_its_instants(
    book: Book, service_connection: asyncpg.Connection
) -> None:
    events = await book.record(
        jo(provisioned()), jo(UserDeactivated()), jo(UserReactivated()), jo(UserDeleted())
    )
    history = await followed(book, service_connection)
    (first,) = await activity(history, events, limit=1)
    rest = [each for each in events if each.recorded_at >= first.at]
    assert [each.position for each in await activity(history, rest)] == [3]


async def test_the_activity_of_an_actor_is_what_it_did(
    book: Book, service_connection: asyncpg.Connection
) -> None:
    (first,) = await book.record(jo(provisioned()), by=ENTRA)
    (second,) = await book.record(jo(UserDeactivated()), by=ANNS_HAND)
    done = await activity_of_actor(
        await followed(book, service_connection),
        ORGANIZATION_ID,
        "cli:ann",
        after=first.recorded_at - TICK,
        before=second.recorded_at + TICK,
        limit=10,
    )
    assert [each.position for each in done] == [2]
