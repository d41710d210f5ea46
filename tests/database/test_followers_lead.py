"""One of all processes leads. It is woken and sweeps; it is replaced when it is gone; it stops after a batch."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from uuid import UUID

import asyncpg
import pytest

from eventstore.events import RecordedEvent
from eventstore.follow import notify
from projections.followers.follower import Follower
from projections.followers.lease import SHARDS, Lease, duties
from projections.followers.runner import Timing
from schema.events.group import MembersAdded
from schema.events.user import UserDeactivated, UserReactivated
from service.background.followers import FOLLOWERS, Followers
from service.database.logins.session import ServiceLogin
from service.ids import new_id
from tests.builders import ORGANIZATION_ID, created, jo, provisioned, sales
from tests.conftest import SERVICE_ROLE
from tests.database.book import SEALER, Book

SOON_S = 10.0
NEVER_S = 3_600.0  # No test runs long enough to see such a sweep.
LEASE_S = 0.5
VERSIONED = "SELECT from_position FROM versions.user_versions"
FOLLOWED = "SELECT position FROM history.activity"
CONNECTED = """
SELECT pid
  FROM pg_stat_activity
 WHERE application_name = 'scim-ledger followers'
   AND datname = current_database()"""
LEADERS = """
SELECT DISTINCT pid
  FROM pg_locks
  JOIN pg_database
    ON pg_database.oid = pg_locks.database
 WHERE locktype = 'advisory'
   AND datname = current_database()"""


def timing(sweep_s: float = 0.2) -> Timing:
    """Return short times for tests."""
    return Timing(LEASE_S, 0.1, sweep_s, pause_s=0.01, rest_s_max=0.05, retry_s=0.1)


@asynccontextmanager
async def running(
    dsn: str, sweep_s: float = 0.2, followers: Sequence[Follower] = FOLLOWERS
) -> AsyncIterator[Followers]:
    """Run followers for the duration of the block."""
    made = Followers(ServiceLogin(dsn), SEALER, timing=timing(sweep_s), followers=followers)
    task = asyncio.create_task(made.run())
    try:
        yield made
    finally:
        made.stop()
        await asyncio.wait_for(task, SOON_S)


async def until(connection: asyncpg.Connection, query: str, count: int) -> None:
    """Return when a query gives `count` rows."""
    async with asyncio.timeout(SOON_S):
        # This waits for Postgres, which sets no Event.
        while len(await connection.fetch(query)) != count:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


@pytest.fixture
async def book(connection: asyncpg.Connection) -> Book:
    """Give a log with one event."""
    book = Book(connection)
    await book.record(jo(provisioned()))
    return book


async def test_what_is_in_the_log_is_followed(book: Book, database_url: str) -> None:
    async with running(database_url):
        await until(book.connection, FOLLOWED, 1)


async def test_a_notification_wakes_the_leader(book: Book, database_url: str) -> None:
    async with running(database_url, sweep_s=NEVER_S):
        await until(book.connection, FOLLOWED, 1)
        await book.record(jo(UserDeactivated()))
        await notify(book.connection, [book.organization_id])
        await until(book.connection, FOLLOWED, 2)


def heard(follower: Follower, events: list[RecordedEvent]) -> Follower:
    """Return a follower that also puts what it applies into a list."""
    opened = follower.opening(SEALER)

    async def apply(
        connection: asyncpg.Connection, organization_id: UUID, some: Sequence[RecordedEvent]
    ) -> None:
        await opened.apply(connection, organization_id, some)
        events.extend(some)

    return replace(opened, apply=apply)


async def test_both_followers_of_a_log_read_it_once(book: Book, database_url: str) -> None:
    await book.record(jo(UserDeactivated()))
    applied: list[list[RecordedEvent]] = [[], []]
    followers = [heard(*each) for each in zip(FOLLOWERS, applied, strict=True)]
    async with running(database_url, NEVER_S, followers):
        await until(book.connection, VERSIONED, 2)
        await book.record(jo(UserReactivated()))
        await notify(book.connection, [book.organization_id])
        await until(book.connection, VERSIONED, 3)
        await until(book.connection, FOLLOWED, 3)
    by_history, by_versions = applied
    assert [each.position for each in by_history] == [1, 2, 3]
    assert all(one is other for one, other in zip(by_history, by_versions, strict=True))


async def test_a_sweep_finds_what_nobody_was_notified_of(book: Book, database_url: str) -> None:
    async with running(database_url):
        await until(book.connection, FOLLOWED, 1)
        await book.record(jo(UserDeactivated()))
        await until(book.connection, FOLLOWED, 2)


async def test_two_processes_follow_nothing_twice(book: Book, database_url: str) -> None:
    async with running(database_url), running(database_url):
        await until(book.connection, CONNECTED, 4)
        await book.record(jo(UserDeactivated()), jo(UserReactivated()))
        await notify(book.connection, [book.organization_id])
        await until(book.connection, FOLLOWED, 3)
        assert await book.connection.fetch("SELECT stream_id FROM followers.parked_streams") == []


async def test_another_process_takes_over_from_one_that_ends(book: Book, database_url: str) -> None:
    async with running(database_url) as first, running(database_url):
        await until(book.connection, FOLLOWED, 1)
        await until(book.connection, CONNECTED, 4)
        first.stop()
        await book.record(jo(UserDeactivated()))
        await until(book.connection, FOLLOWED, 2)
        await until(book.connection, CONNECTED, 2)


async def test_a_leader_whose_connections_are_lost_comes_back(
    book: Book, database_url: str
) -> None:
    async with running(database_url):
        await until(book.connection, FOLLOWED, 1)
        await book.connection.execute(f"SELECT pg_terminate_backend(pid) FROM ({CONNECTED}) AS c")
        await book.record(jo(UserDeactivated()))
        await until(book.connection, FOLLOWED, 2)


async def test_a_leader_that_stands_still_is_replaced(book: Book, database_url: str) -> None:
    still = await asyncpg.connect(
        database_url,
        server_settings={
            "role": SERVICE_ROLE,
            "idle_in_transaction_session_timeout": f"{LEASE_S}s",
        },
    )
    await still.execute("BEGIN")
    lease = Lease(still, duties(["history"]))
    await lease.renew()
    assert len(lease.held) == SHARDS
    async with running(database_url):
        await until(book.connection, FOLLOWED, 1)
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)):
        await lease.renew()


async def test_a_stop_gives_the_lease_back(book: Book, database_url: str) -> None:
    async with running(database_url):
        await until(book.connection, LEADERS, 1)
    await until(book.connection, LEADERS, 0)


async def test_large_events_are_followed_to_the_end_by_one_notification(
    connection: asyncpg.Connection, database_url: str
) -> None:
    book = Book(connection)
    async with running(database_url, NEVER_S):
        await until(connection, LEADERS, 1)
        crowds = [MembersAdded(members=tuple(new_id() for _ in range(1_000))) for _ in range(25)]
        await book.record(sales(created()), *(sales(each) for each in crowds))
        await notify(connection, [ORGANIZATION_ID])
        await until(connection, FOLLOWED, 26)
