"""Connect to Postgres with the same settings always, whatever the database, login or server sets by default."""

import asyncio
import socket
from collections.abc import Mapping
from typing import Any, Final

import asyncpg

from eventstore.postgres.connection import Connection
from eventstore.postgres.database_url import DatabaseUrl, read_url
from eventstore.postgres.hosts import HOST_TIMEOUT_S, connect_to_one
from eventstore.postgres.outages import classify

# A setting of the session overrides ALTER DATABASE … SET, ALTER ROLE … SET and postgresql.conf.
# default_transaction_read_only is left alone, because an administrator who sets it means it.
SETTINGS: Final[Mapping[str, str]] = {
    "application_name": "scim-ledger",
    # Required for correctness: an append reads the log's tail after it has waited for the lock.
    "default_transaction_isolation": "read committed",
    "default_transaction_deferrable": "off",
    "search_path": "pg_catalog",  # We write names with their schema; no function can shadow one of Postgres's.
    "row_security": "on",
    "exit_on_error": "off",
    "gin_fuzzy_search_limit": "0",  # Otherwise a filter by e-mail finds only a part.
    "transform_null_equals": "off",
    "array_nulls": "on",
    # How values are written and read as texts: sort keys, cursors, definitions of indexes.
    "datestyle": "ISO, MDY",
    "intervalstyle": "postgres",
    "timezone": "UTC",
    "bytea_output": "hex",
    "extra_float_digits": "1",
    "standard_conforming_strings": "on",
    "quote_all_identifiers": "off",
    # What is acknowledged is on disk, and on the synchronous standby if there is one.
    "synchronous_commit": "on",
    # We bound times ourselves, by the driver's timeouts and the settings of the service.
    "statement_timeout": "0",
    "lock_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "idle_session_timeout": "0",
    "jit": "off",  # Our statements are short.
    "plan_cache_mode": "auto",
}
TRANSACTION_TIMEOUT_SINCE = 17
PREFER_STANDBY = "prefer-standby"
SOCKET_OPTIONS: Final[Mapping[str, tuple[int, str]]] = {  # libpq's name → level and option.
    "keepalives": (socket.SOL_SOCKET, "SO_KEEPALIVE"),
    "keepalives_idle": (socket.IPPROTO_TCP, "TCP_KEEPIDLE"),
    "keepalives_interval": (socket.IPPROTO_TCP, "TCP_KEEPINTVL"),
    "keepalives_count": (socket.IPPROTO_TCP, "TCP_KEEPCNT"),
    "tcp_user_timeout": (socket.IPPROTO_TCP, "TCP_USER_TIMEOUT"),
}


async def connect(
    dsn: str, *, timeout_s: float, server_settings: Mapping[str, str] | None = None, **options: Any
) -> asyncpg.Connection:
    """Return a connection with our settings and with those given.

    `timeout_s` is for the only server of the URL. If it names several, each has HOST_TIMEOUT_S, or the URL's
    connect_timeout.
    Errors: UnusableUrl, asyncpg's on connecting.
    """
    url = read_url(dsn)
    if url.target:
        options["target_session_attrs"] = url.target

    async def connect_to(one: str) -> asyncpg.Connection:
        bound_s = url.timeout_s or (HOST_TIMEOUT_S if url.hosts else timeout_s)
        return await _connect(one, url, bound_s, server_settings=server_settings, **options)

    if not url.hosts:
        return await connect_to(url.dsn)
    if url.wants != PREFER_STANDBY:
        return await connect_to_one(url.hosts, url.each, connect_to)
    try:
        options["target_session_attrs"] = "standby"
        return await connect_to_one(url.hosts, url.each, connect_to)
    except Exception as error:
        if not classify(error).passes:
            raise
        options["target_session_attrs"] = "any"
        return await connect_to_one(url.hosts, url.each, connect_to)


async def _connect(
    dsn: str,
    url: DatabaseUrl,
    timeout_s: float,
    *,
    server_settings: Mapping[str, str] | None,
    **options: Any,
) -> asyncpg.Connection:
    async with asyncio.timeout(timeout_s):
        connection = await asyncpg.connect(
            dsn, timeout=None, server_settings={**SETTINGS, **(server_settings or {})}, **options
        )
        try:
            _set_socket(connection, url.socket)
            await complete(connection)
        except BaseException:
            connection.terminate()
            raise
    return connection


async def complete(connection: Connection) -> None:
    """Set what only some versions of Postgres know: an older version would refuse the connection."""
    if connection.get_server_version().major >= TRANSACTION_TIMEOUT_SINCE:
        await connection.execute("SET transaction_timeout = 0")


def _set_socket(connection: asyncpg.Connection, wanted: Mapping[str, int]) -> None:
    """Set TCP keepalive and the other socket options that were asked for. Skip those that the platform lacks."""
    opened = connection._transport.get_extra_info("socket")  # noqa: SLF001 - no other way.
    if opened is None or opened.family == socket.AF_UNIX:
        return
    for name, value in {"keepalives": 1, **wanted}.items():
        level, option = SOCKET_OPTIONS[name]
        if value >= 0 and (name == "keepalives" or value) and hasattr(socket, option):
            opened.setsockopt(level, getattr(socket, option), value)
