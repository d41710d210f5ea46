"""A connection that is kept at hand is nobody's loss: it comes back, sound, and others have their turn."""

import asyncio
from collections.abc import AsyncIterator
from random import Random

import asyncpg
import pytest

from eventstore.postgres.pool import CACHED_S, ConnectionCache

SOON_S = 5.0


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[asyncpg.Pool]:
    """Give a pool of two connections."""
    async with asyncpg.create_pool(database_url, min_size=1, max_size=2) as opened:
        yield opened


async def backend(lender: ConnectionCache) -> int:
    """Return the process behind the connection that is lent."""
    async with lender.connection(timeout_s=SOON_S) as connection:
        pid: int = await connection.fetchval("SELECT pg_backend_pid()")
        return pid


async def until_idle(pool: asyncpg.Pool) -> None:
    """Return once the pool has all of its connections back."""
    async with asyncio.timeout(SOON_S):
        while pool.get_idle_size() < pool.get_size():  # noqa: ASYNC110 - a pool has no event for it.
            await asyncio.sleep(0.01)


async def test_a_connection_is_kept_for_a_moment_and_then_given_back(pool: asyncpg.Pool) -> None:
    lender = ConnectionCache(pool)
    first = await backend(lender)
    assert pool.get_idle_size() == 0
    assert await backend(lender) == first
    await until_idle(pool)


async def test_who_waits_at_the_pool_has_its_turn_while_others_borrow_on(
    pool: asyncpg.Pool,
) -> None:
    lender, is_over = ConnectionCache(pool), asyncio.Event()

    async def borrow_on() -> None:
        while not is_over.is_set():
            await backend(lender)

    borrowing = [asyncio.create_task(borrow_on()) for _ in range(2)]
    await asyncio.sleep(CACHED_S)
    async with pool.acquire(timeout=SOON_S) as connection:
        assert await connection.fetchval("SELECT 1") == 1
    is_over.set()
    await asyncio.gather(*borrowing)
    await lender.close()


async def test_a_kept_connection_that_is_lost_is_not_lent(
    pool: asyncpg.Pool, connection: asyncpg.Connection
) -> None:
    lender = ConnectionCache(pool)
    first = await backend(lender)
    await connection.fetchval("SELECT pg_terminate_backend($1, 5000)", first)
    await asyncio.sleep(0.05)  # Until the loop has read of its end.
    assert await backend(lender) != first
    await lender.close()


async def test_an_interrupted_connection_is_closed_and_not_kept(pool: asyncpg.Pool) -> None:
    lender = ConnectionCache(pool)
    with pytest.raises(TimeoutError):
        async with lender.connection(timeout_s=0.1) as connection:
            await connection.execute("SELECT pg_sleep(15)")
    assert pool.get_size() == 0
    assert await backend(lender)
    await lender.close()


async def test_a_connection_on_which_a_statement_failed_is_given_back(pool: asyncpg.Pool) -> None:
    lender = ConnectionCache(pool)
    with pytest.raises(asyncpg.DivisionByZeroError):
        async with lender.connection(timeout_s=SOON_S) as connection:
            await connection.execute("SELECT 1 / 0")
    assert pool.get_idle_size() == pool.get_size()


async def test_what_is_kept_is_given_back_when_the_lender_closes(pool: asyncpg.Pool) -> None:
    lender = ConnectionCache(pool)
    await backend(lender)
    await lender.close()
    assert pool.get_idle_size() == pool.get_size()


async def test_whoever_leaves_early_takes_no_connection_along(pool: asyncpg.Pool) -> None:
    lender, chosen = ConnectionCache(pool), Random(1)  # noqa: S311 - seeded, no secret.

    async def borrow() -> None:
        async with lender.connection(timeout_s=chosen.choice([0.001, 0.01, SOON_S])) as connection:
            await connection.execute("SELECT pg_sleep(0.002)")

    tasks = [asyncio.create_task(borrow()) for _ in range(200)]
    while not all(task.done() for task in tasks):
        await asyncio.sleep(0.002)
        chosen.choice(tasks).cancel()
    raised = {type(task.exception()) for task in tasks if not task.cancelled()}
    assert raised <= {type(None), TimeoutError}
    await lender.close()
    async with pool.acquire(timeout=SOON_S), pool.acquire(timeout=SOON_S) as connection:
        assert await connection.fetchval("SELECT 1") == 1
