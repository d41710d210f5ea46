"""The pool of connections with the service's rights."""

import asyncio

import asyncpg

from eventstore.postgres.session import SETTINGS, connect
from projections.registry import DIRECTORY
from service.config import Settings

SERVICE_ROLE = "scim_ledger_service"

CONNECT_TIMEOUT_S = 10.0

COMMAND_TIMEOUT_S = 25.0

CLOSE_TIMEOUT_S = 10.0  # For connections that are still lent when all has ended.

STATEMENTS_CACHED_MAX = 500

SESSION = {
    **SETTINGS,
    "role": SERVICE_ROLE,
    "search_path": DIRECTORY.name,  # Of statements that a catch-up runs in another schema's tables, too.
    "statement_timeout": "20s",
    "lock_timeout": "6s",  # A log that another process holds: 503, and the client tries again.
    # Postgres ends a transaction whose process stands still, so that others can go on.
    "idle_in_transaction_session_timeout": "15s",
}


async def open_pool(dsn: str, settings: Settings) -> asyncpg.Pool:
    """Return the pool of connections that have the service's rights and no more."""
    return await asyncpg.create_pool(
        dsn,
        connect=connect,
        min_size=1,
        max_size=settings.pool_size_max,
        max_inactive_connection_lifetime=60.0,
        timeout_s=CONNECT_TIMEOUT_S,
        command_timeout=COMMAND_TIMEOUT_S,
        statement_cache_size=STATEMENTS_CACHED_MAX,
        server_settings=SESSION,
        reset=_leave_as_it_is,
    )


async def close_pool(pool: asyncpg.Pool) -> None:
    """Close the pool's connections; those that Postgres does not answer on go without a word."""
    try:
        async with asyncio.timeout(CLOSE_TIMEOUT_S):
            await pool.close()
    except TimeoutError:
        pool.terminate()


async def _leave_as_it_is(_connection: asyncpg.Connection) -> None:
    """Save the round trip of a reset: nothing of ours outlives a transaction."""
