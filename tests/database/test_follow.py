"""A follower gets every event once, in order and soon after the commit, even if its connection is lost."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import asyncpg
import pytest

from eventstore.events import RecordedEvent
from eventstore.follow import BATCH_MAX, follow, notify
from tests.conftest import SERVICE_ROLE
from tests.database.events import (
    ORGANIZATION,
    OTHER_ORGANIZATION,
    append_events,
    new_event,
    new_streams,
)

NEVER_S = 3_600.0  # No test runs long enough to see such a sweep.
SOON_S = 10.0
LISTENS = """
SELECT pid
  FROM pg_stat_activity
 WHERE datname = current_database()
   AND query LIKE '%read_log%'
   AND state = 'idle'
   AND pid <> $1"""


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[asyncpg.Pool]:
    """Give a small pool of the service."""
    role = {"role": SERVICE_ROLE}
    async with asyncpg.create_pool(
        database_url, min_size=1, max_size=2, server_settings=role
    ) as opened:
        yield opened


async def soon(events: AsyncIterator[list[RecordedEvent]]) -> list[int]:
    """Return the positions of the next batch."""
    async with asyncio.timeout(SOON_S):
        return [event.position for event in await anext(events)]


async def until_it_waits(connection: asyncpg.Connection) -> int:
    """Wait until the follower has nothing to read; return its Postgres process."""
    async with asyncio.timeout(SOON_S):
        while True:
            pid = await connection.fetchval(LISTENS, connection.get_server_pid())
            if pid:
                return int(pid)


async def test_a_follower_begins_after_its_position(
    connection: asyncpg.Connection, pool: asyncpg.Pool
) -> None:
    await append_events(connection, *new_streams(3))
    async with aclosing(follow(pool, ORGANIZATION, after=1)) as events:
        assert await soon(events) == [2, 3]


async def test_a_follower_gets_a_long_log_in_batches(
    connection: asyncpg.Connection, pool: asyncpg.Pool
) -> None:
    await append_events(connection, *new_streams(BATCH_MAX + 1))
    async with aclosing(follow(pool, ORGANIZATION, after=0)) as events:
        assert await soon(events) == list(range(1, BATCH_MAX + 1))
        assert await soon(events) == [BATCH_MAX + 1]


async def test_a_notification_wakes_a_follower(
    connection: asyncpg.Connection, pool: asyncpg.Pool
) -> None:
    async with aclosing(follow(pool, ORGANIZATION, after=0, sweep_s=NEVER_S)) as events:
        batch = asyncio.ensure_future(soon(events))
        await until_it_waits(connection)
        await append_events(connection, new_event())
        await notify(connection, [OTHER_ORGANIZATION, ORGANIZATION])
        assert await batch == [1]


async def test_a_sweep_finds_what_nobody_notified(
    connection: asyncpg.Connection, pool: asyncpg.Pool
) -> None:
    async with aclosing(follow(pool, ORGANIZATION, after=0, sweep_s=0.05)) as events:
        batch = asyncio.ensure_future(soon(events))
        await until_it_waits(connection)
        await append_events(connection, new_event())
        assert await batch == [1]


async def test_a_follower_survives_the_loss_of_its_connection(
    connection: asyncpg.Connection, pool: asyncpg.Pool
) -> None:
    async with aclosing(follow(pool, ORGANIZATION, after=0, sweep_s=NEVER_S)) as events:
        batch = asyncio.ensure_future(soon(events))
        pid = await until_it_waits(connection)
        await append_events(connection, new_event())
        await connection.execute("SELECT pg_terminate_backend($1)", pid)
        assert await batch == [1]


async def test_a_follower_is_notified_again_after_the_loss_of_its_connection(
    connection: asyncpg.Connection, pool: asyncpg.Pool
) -> None:
    async with aclosing(follow(pool, ORGANIZATION, after=0, sweep_s=NEVER_S)) as events:
        batch = asyncio.ensure_future(soon(events))
        lost = await until_it_waits(connection)
        await connection.execute("SELECT pg_terminate_backend($1, 5000)", lost)
        assert await until_it_waits(connection) != lost
        await append_events(connection, new_event())
        await notify(connection, [ORGANIZATION])
        assert await batch == [1]


async def test_a_follower_gives_its_connection_back(
    connection: asyncpg.Connection, pool: asyncpg.Pool
) -> None:
    await append_events(connection, new_event())
    async with aclosing(follow(pool, ORGANIZATION, after=0)) as events:
        await soon(events)
        assert pool.get_idle_size() == 0
    assert pool.get_idle_size() == 1


async def test_a_follower_ends_when_the_pool_closes(database_url: str) -> None:
    pool = await asyncpg.create_pool(database_url, min_size=1, max_size=1)
    await pool.close()
    with pytest.raises(asyncpg.InterfaceError):
        await anext(follow(pool, ORGANIZATION, after=0))


async def test_a_notification_inside_a_transaction_is_a_bug(
    connection: asyncpg.Connection,
) -> None:
    async with connection.transaction():
        with pytest.raises(AssertionError):
            await notify(connection, [ORGANIZATION])
