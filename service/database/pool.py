"""The pool of connections with the service's rights."""

import asyncio
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote, urlsplit

import asyncpg

from eventstore.postgres.database_url import login_of, with_login
from eventstore.postgres.session import SETTINGS, connect
from projections.directory.queries.composed import STATEMENT_LIFETIME_S
from projections.registry import DIRECTORY
from service.config import Settings
from service.database.logins.session import ServiceLogin
from service.tracing.spans import Spans

CONNECT_TIMEOUT_S = 10.0
REPLICA_CONNECT_TIMEOUT_S = 2.0  # Then the primary answers.

# For each statement, also COMMIT. It is shorter than statement_timeout: see there.
COMMAND_TIMEOUT_S = 25.0

CLOSE_TIMEOUT_S = 10.0  # How long to wait for connections that are still in use.

STATEMENTS_CACHED_MAX = 200  # On each connection: about 80 in files, and 32 composed ones.

SESSION = {
    **SETTINGS,
    # One request keeps one processor busy, not three: others want some, too.
    "max_parallel_workers_per_gather": "0",
    "search_path": DIRECTORY.name,  # A catch-up changes it, to run the same statements on other tables.
    # Longer than we wait for any answer. If it ended a COMMIT that waits for a synchronous standby, Postgres would
    # report that as done, although it is on one machine only.
    "statement_timeout": "30s",
    "lock_timeout": "6s",  # If another process holds a log for longer, the client gets 503 and retries.
    # If a process hangs in a transaction, Postgres ends it, and others can go on.
    "idle_in_transaction_session_timeout": "15s",
}


async def open_pool(
    login: ServiceLogin,
    settings: Settings,
    *,
    size_min: int = 1,
    size_max: int | None = None,
    spans: Spans | None = None,
) -> asyncpg.Pool:
    """Return a pool of connections that have only the rights of the service, by default the one for requests of SCIM."""
    return await _pool(
        login.connect,  # The URL may change while the pool is open.
        spans,
        min_size=size_min,
        max_size=size_max or settings.pool_size_max,
        timeout_s=CONNECT_TIMEOUT_S,
        server_settings={**SESSION, "synchronous_commit": settings.synchronous_commit},
    )


async def open_replica(
    login: ServiceLogin, settings: Settings, spans: Spans | None = None
) -> asyncpg.Pool | None:
    """Return a pool of connections to the replica, which may be down now; None if no setting names one.

    A URL without a login takes that of the service.
    """
    if settings.read_database_url is None:
        return None
    url = settings.read_database_url.get_secret_value()

    async def open_one(*_dsn: str, **options: Any) -> asyncpg.Connection:
        user, password = login_of(login.dsn)
        dsn = url
        if login_of(url)[0] is None and user is not None:
            database = unquote(urlsplit(url).path.strip("/"))
            dsn = with_login(url, user=user, password=password or "", database=database)
        return await connect(dsn, **options)

    return await _pool(
        open_one,
        spans,
        min_size=0,  # Nothing is connected now: the service starts without it.
        max_size=settings.pool_size_max,
        timeout_s=REPLICA_CONNECT_TIMEOUT_S,
        server_settings=SESSION,
    )


async def _pool(open_one: Callable[..., Any], spans: Spans | None, **options: Any) -> asyncpg.Pool:
    """Return a pool with what all have in common."""
    return await asyncpg.create_pool(
        **options,
        connect=spans.connecting(open_one) if spans else open_one,
        max_inactive_connection_lifetime=60.0,
        command_timeout=COMMAND_TIMEOUT_S,
        statement_cache_size=STATEMENTS_CACHED_MAX,
        max_cached_statement_lifetime=STATEMENT_LIFETIME_S,
        reset=_leave_as_it_is,
    )


async def close_pool(pool: asyncpg.Pool) -> None:
    """Close the pool's connections. Those on which Postgres does not answer in time are cut."""
    try:
        async with asyncio.timeout(CLOSE_TIMEOUT_S):
            await pool.close()
    except TimeoutError:
        pool.terminate()


async def _leave_as_it_is(_connection: asyncpg.Connection) -> None:
    """Do nothing, which saves the round trip of a reset: we leave no session state behind."""
