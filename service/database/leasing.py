"""Holds the lease of what one process of all does, for as long as its transaction is open.

If the process dies, or hangs for longer than the lease, Postgres ends the transaction, and another process goes on.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

import asyncpg

from projections.followers.lease import Lease, duties
from service.database.logins.session import ServiceLogin
from service.database.pool import CONNECT_TIMEOUT_S, SESSION

LEASE_S: Final = 3.0  # A process that hangs for longer is replaced.
CLOSE_TIMEOUT_S: Final = 2.0


@asynccontextmanager
async def leasing(login: ServiceLogin, name: str) -> AsyncIterator[Lease]:
    """Give a lease for the duration of the block, on a connection of its own. It holds nothing until it is renewed.

    `name` is what is led, and part of the connection's name. Errors: asyncpg's, TimeoutError.
    """
    async with (
        connected(login, name, command_timeout_s=LEASE_S) as connection,
        connection.transaction(),
    ):
        yield Lease(connection, duties([name]))


@asynccontextmanager
async def connected(
    login: ServiceLogin, name: str, *, command_timeout_s: float
) -> AsyncIterator[asyncpg.Connection]:
    """Give a new connection for the duration of the block, on which no transaction outlives a lease.

    Errors: asyncpg's, TimeoutError.
    """
    connection = await login.connect(
        timeout_s=CONNECT_TIMEOUT_S,
        command_timeout=command_timeout_s,
        server_settings={
            **SESSION,
            "application_name": f"scim-ledger {name}",
            "idle_in_transaction_session_timeout": f"{int(LEASE_S * 1000)}ms",
        },
    )
    try:
        yield connection
    finally:
        with suppress(Exception):  # It may be lost already, which is not worth an error here.
            await connection.close(timeout=CLOSE_TIMEOUT_S)
