"""At any position, the versions are what a fold of the log up to there leads to, whatever the batches were."""

import tracemalloc
from collections.abc import Iterable
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from eventstore.sealing.sealer import Sealer
from projections.directory.queries.past import find_named, followed, groups_at, users_at
from projections.directory.rows import group_row, user_row
from projections.directory.save import save_users
from projections.followers.follower import advance
from projections.followers.parked import parked
from projections.history.write import HISTORY
from projections.versions.write import VERSIONS
from schema.events.event import Place
from schema.events.organization import OrganizationErased
from schema.events.user import User, UserChanged, UserDeleted, evolve
from schema.scim.definitions import USER
from service.write.decide.state import Decision
from tests.builders import ANN, JO, created, provisioned, sales
from tests.database.book import SEALER, Book, follow_to_the_end
from tests.database.test_history_times import GROUPS, SHARED, USERS, story, worlds

FOLLOWER = VERSIONS.opening(SEALER)


@given(
    choices=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9)), min_size=1, max_size=24),
    limit=st.integers(1, 8),
    ahead=st.none() | st.integers(0, 6),
)
@example(choices=[(0, 0)] * 4, limit=1, ahead=0)
@example(choices=[(0, 0)] * 4, limit=1, ahead=2)
@example(choices=[(0, 0), (0, 3), (1, 0), (0, 3)], limit=2, ahead=1)
@settings(max_examples=30, deadline=None, suppress_health_check=SHARED)
async def test_the_past_agrees_with_a_fold_of_the_log_at_any_position(
    connection: asyncpg.Connection,
    service_connection: asyncpg.Connection,
    choices: list[tuple[int, int]],
    limit: int,
    ahead: int | None,
) -> None:
    """The directory is so many events ahead of the follower, or has nothing."""
    book = Book(connection, uuid4())
    facts = story(choices)
    events = await book.record(*facts)
    known = worlds(facts, events)
    await follow_to_the_end(service_connection, HISTORY, book.organization_id, limit=limit)
    position, after = -1, 0
    while position != after:
        if ahead is not None:
            ahead_of_it = known[min(after + limit + ahead, len(events))]
            await fill_directory(connection, book.organization_id, ahead_of_it.users.values())
        position = after
        after = await advance(
            service_connection, FOLLOWER, book.organization_id, after=position, limit=limit
        )
    assert await parked(connection, "versions") == []
    assert await followed(connection, book.organization_id) == len(events)
    for position, world in known.items():
        log = book.organization_id
        users = await users_at(service_connection, log, USERS, position)
        expected: dict[Any, Any] = {
            each.id: user_row(each, USER) for each in world.users.values() if not each.is_deleted
        }
        assert {key: (each.version, each.modified_at) for key, each in users.items()} == {
            key: (each.version, each.modified_at) for key, each in expected.items()
        }
        assert {key: each.document for key, each in users.items()} == {
            key: each.document for key, each in expected.items()
        }
        groups = await groups_at(service_connection, log, GROUPS, position)
        there = {key: each for key, each in world.groups.items() if not each.is_deleted}
        assert {key: (each.version, each.document) for key, each in groups.items()} == {
            key: (each.version, group_row(each).document) for key, each in there.items()
        }
        assert {
            key: [member for member, *_ in orjson.loads(each.related or "[]")]
            for key, each in groups.items()
        } == {key: [str(member) for member in sorted(each.members)] for key, each in there.items()}
        for key, user in users.items():
            held = [group_id for group_id, _ in orjson.loads(user.related or "[]")]
            assert held == sorted(str(each) for each in there if key in there[each].members)


async def fill_directory(
    connection: asyncpg.Connection, organization_id: UUID, users: Iterable[User]
) -> None:
    """Let the directory have these users of an organization, without the deleted ones, and no others."""
    await connection.execute(
        "DELETE FROM directory.users WHERE organization_id = $1", organization_id
    )
    rows = [user_row(each, USER) for each in users if not each.is_deleted]
    if rows:
        await save_users(connection, organization_id, rows)


async def test_a_version_that_the_directory_has_is_copied(
    connection: asyncpg.Connection, book: Book
) -> None:
    """It need not even be opened; what the directory has no longer is folded."""
    log = book.organization_id
    first = await book.record(
        Decision(JO, provisioned("jo@example.com")), Decision(ANN, provisioned("ann@example.com"))
    )
    states = [
        evolve(
            None,
            provisioned(name),
            Place(each.stream_id, 1, each.position, each.recorded_at, each.source),
        )
        for each, name in zip(first, ("jo@example.com", "ann@example.com"), strict=True)
    ]
    await fill_directory(connection, log, [states[0], states[1]._replace(version=2)])
    others_seal = VERSIONS.opening(Sealer(b"x" * 32))
    await follow_to_the_end(connection, others_seal, log)
    rows = await connection.fetch(
        "SELECT id FROM versions.user_versions WHERE organization_id = $1", log
    )
    assert [row["id"] for row in rows] == [JO]
    assert [each.stream_id for each in await parked(connection, "versions")] == [ANN]


@pytest.fixture
async def book(connection: asyncpg.Connection) -> Book:
    """Give the log of an organization of its own."""
    return Book(connection, uuid4())


def renamed(name: str) -> UserChanged:
    """Return the event of another userName."""
    return UserChanged(attributes=("userName",), values={"userName": name})


async def test_people_are_found_by_names_that_they_once_had(
    connection: asyncpg.Connection, book: Book
) -> None:
    log = book.organization_id
    await book.record(
        Decision(JO, provisioned("Jo@example.com")),
        Decision(JO, renamed("jo.b@example.com")),
        Decision(ANN, provisioned("jo@example.com")),
        Decision(ANN, UserDeleted()),
    )
    await follow_to_the_end(connection, FOLLOWER, log)
    assert await find_named(connection, log, "JO@example.com") == [JO, ANN]
    assert await find_named(connection, log, "nobody@example.com") == []


async def test_a_person_whose_key_is_gone_has_no_rows_and_parks_nothing(
    connection: asyncpg.Connection, book: Book
) -> None:
    log = book.organization_id
    await book.record(Decision(JO, provisioned("jo@example.com")))
    await book.record(Decision(ANN, provisioned("ann@example.com")), Decision(JO, renamed("jo2")))
    await book.record(Decision(JO, UserDeleted()))
    await connection.execute("DELETE FROM eventstore.subject_keys WHERE subject_id = $1", JO)
    await follow_to_the_end(connection, FOLLOWER, log, limit=1)
    assert await parked(connection, "versions") == []
    rows = await connection.fetch(
        "SELECT id FROM versions.user_versions WHERE organization_id = $1", log
    )
    assert [row["id"] for row in rows] == [ANN]


async def test_no_name_of_a_group_that_was_written_late_outlives_the_contract(
    connection: asyncpg.Connection, book: Book
) -> None:
    log = book.organization_id
    count = "SELECT count(*) FROM versions.group_versions WHERE organization_id = $1"
    await book.record(sales(created()))
    # The end of the contract does not see the rows that a follower is writing meanwhile.
    await follow_to_the_end(connection, FOLLOWER, log)
    assert await connection.fetchval(count, log) == 1
    await book.record(Decision(log, OrganizationErased(reason="End of contract")))
    await follow_to_the_end(connection, FOLLOWER, log, after=1)
    assert await connection.fetchval(count, log) == 0


async def test_a_follower_without_a_sealer_writes_nothing(
    connection: asyncpg.Connection, book: Book
) -> None:
    [event] = await book.record(Decision(JO, provisioned("jo@example.com")))
    with pytest.raises(TypeError, match="opening"):
        await VERSIONS.apply(connection, book.organization_id, [event])


async def test_versions_of_large_users_are_not_in_memory_together(
    book: Book, service_connection: asyncpg.Connection
) -> None:
    changes = [
        UserChanged(attributes=("title",), values={"title": f"Title {n}"}) for n in range(150)
    ]
    await book.record(
        Decision(ANN, provisioned("ann@example.com", displayName="x" * 200_000)),
        *(Decision(ANN, each) for each in changes),
    )
    tracemalloc.start()
    try:
        await follow_to_the_end(service_connection, FOLLOWER, book.organization_id, limit=1_000)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    count = "SELECT count(*) FROM versions.user_versions WHERE organization_id = $1"
    assert await service_connection.fetchval(count, book.organization_id) == 151
    assert peak < 20_000_000  # Together they take 60 MB.
