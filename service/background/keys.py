"""Keeps the keys of this process current while it serves: a rotation is known here within a second.

A connection listens for announcements. A look every few seconds finds what was announced while it was lost, and
records that this process is there.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog

from eventstore.postgres.connection import Connection
from eventstore.postgres.outages import Outage, classify
from service.database.logins.session import ServiceLogin
from service.database.pool import SESSION
from service.keys.keyring import CHANNEL, Keyring

CONNECT_TIMEOUT_S = 10.0
COMMAND_TIMEOUT_S = 10.0
CLOSE_TIMEOUT_S = 2.0
SWEEP_S = 3.0
RETRY_S = 0.5

log = structlog.get_logger()


@asynccontextmanager
async def keeping_keys(login: ServiceLogin, keyring: Keyring) -> AsyncIterator[None]:
    """Keep the keys current for the duration of the block. Others know of this process when it begins."""
    watch = KeyWatch(login, keyring)
    try:
        await watch.begin()
        task = asyncio.create_task(watch.run(), name="keys")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])
    finally:
        await watch.end()


class KeyWatch:
    """A connection that listens, and what it wakes."""

    def __init__(self, login: ServiceLogin, keyring: Keyring) -> None:
        self._login = login
        self._keyring = keyring
        self._woken = asyncio.Event()
        self._connection: Connection | None = None

    async def begin(self) -> None:
        """Listen, and look once. Errors: asyncpg's on connecting."""
        self._connection = await self._login.connect(
            timeout_s=CONNECT_TIMEOUT_S,
            command_timeout=COMMAND_TIMEOUT_S,
            server_settings={**SESSION, "application_name": "scim-ledger keys"},
        )
        # A lost connection wakes too: the next look fails, and a new connection is made.
        self._connection.add_termination_listener(lambda _: self._woken.set())
        await self._connection.add_listener(CHANNEL, lambda *_: self._woken.set())
        await self._look(self._connection)

    async def run(self) -> None:
        """Look again and again, whatever happens."""
        while True:
            try:
                if self._connection is None:
                    await self.begin()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._woken.wait(), SWEEP_S)
                self._woken.clear()
                if self._connection is not None:
                    await self._look(self._connection)
            except Exception as error:  # Whatever the error, the next look may succeed.
                if classify(error) is Outage.NONE:
                    log.exception("keys_look_failed")
                else:
                    log.warning("keys_not_looked_at", error=repr(error))
                await self._drop()
                await asyncio.sleep(RETRY_S)

    async def end(self) -> None:
        """Let others know that this process ends, and close the connection."""
        if self._connection is not None:
            with suppress(Exception):  # The process ends; what it leaves is forgotten by others.
                await self._keyring.leave(self._connection)
        await self._drop()

    async def _look(self, connection: Connection) -> None:
        await self._keyring.refresh(connection)
        await self._keyring.report(connection)

    async def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        with suppress(Exception):  # It is lost, which is why it is dropped.
            await connection.close(timeout=CLOSE_TIMEOUT_S)
