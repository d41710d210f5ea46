"""A cached connection returns to the pool after a moment, in good order, and others get it in turn."""

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


async def backend(cache: ConnectionCache) -> int:
    """Return the Postgres process of a connection from the cache."""
    async with cache.connection(timeout_s=SOON_S) as connection:
        pid: int = await connection.fetchval("SELECT pg_backend_pid()")
        return pid


async def until_idle(pool: asyncpg.Pool) -> None:
    """Return when the pool has all of its connections back."""
    async with asyncio.timeout(SOON_S):
        while pool.get_idle_size() < pool.get_size():  # noqa: ASYNC110 - a pool has no event for it.
            await asyncio.sleep(0.01)


async def test_a_connection_is_cached_for_a_moment_and_then_given_back(pool: asyncpg.Pool) -> None:
    cache = ConnectionCache(pool)
    first = await backend(cache)
    assert pool.get_idle_size() == 0
    assert await backend(cache) == first
    await until_idle(pool)


async def test_who_waits_at_the_pool_has_its_turn_while_others_borrow_on(
    pool: asyncpg.Pool,
) -> None:
    cache, is_over = ConnectionCache(pool), asyncio.Event()

    async def borrow_on() -> None:
        while not is_over.is_set():
            await backend(cache)

    borrowing = [asyncio.create_task(borrow_on()) for _ in range(2)]
    await asyncio.sleep(CACHED_S)
    async with pool.acquire(timeout=SOON_S) as connection:
        assert await connection.fetchval("SELECT 1") == 1
    is_over.set()
    await asyncio.gather(*borrowing)
    await cache.close()


async def test_a_cached_connection_that_is_lost_is_not_given(
    pool: asyncpg.Pool, connection: asyncpg.Connection
) -> None:
    cache = ConnectionCache(pool)
    first = await backend(cache)
    await connection.fetchval("SELECT pg_terminate_backend($1, 5000)", first)
    await asyncio.sleep(0.05)  # Until the loop has noticed its end.
    assert await backend(cache) != first
    await cache.close()


async def test_an_interrupted_connection_is_closed_and_not_cached(pool: asyncpg.Pool) -> None:
    cache = ConnectionCache(pool)
    with pytest.raises(TimeoutError):
        async with cache.connection(timeout_s=0.1) as connection:
            await connection.execute("SELECT pg_sleep(15)")
    assert pool.get_size() == 0
    assert await backend(cache)
    await cache.close()


async def test_a_connection_on_which_a_statement_failed_is_given_back(pool: asyncpg.Pool) -> None:
    cache = ConnectionCache(pool)
    with pytest.raises(asyncpg.DivisionByZeroError):
        async with cache.connection(timeout_s=SOON_S) as connection:
            await connection.execute("SELECT 1 / 0")
    assert pool.get_idle_size() == pool.get_size()


async def test_cached_connections_are_given_back_when_the_cache_closes(pool: asyncpg.Pool) -> None:
    cache = ConnectionCache(pool)
    await backend(cache)
    await cache.close()
    assert pool.get_idle_size() == pool.get_size()


async def test_whoever_leaves_early_takes_no_connection_along(pool: asyncpg.Pool) -> None:
    cache, chosen = ConnectionCache(pool), Random(1)  # noqa: S311 - seeded, no secret.

    async def borrow() -> None:
        async with cache.connection(timeout_s=chosen.choice([0.001, 0.01, SOON_S])) as connection:
            await connection.execute("SELECT pg_sleep(0.002)")

    tasks = [asyncio.create_task(borrow()) for _ in range(200)]
    while not all(task.done() for task in tasks):
        await asyncio.sleep(0.002)
        chosen.choice(tasks).cancel()
    raised = {type(task.exception()) for task in tasks if not task.cancelled()}
    assert raised <= {type(None), TimeoutError}
    await cache.close()
    async with pool.acquire(timeout=SOON_S), pool.acquire(timeout=SOON_S) as connection:
        assert await connection.fetchval("SELECT 1") == 1
