"""Learns of new events over one connection for all that wait in this process.

A notification may be lost. So the ends of the logs that somebody waits for are compared every few seconds, in one
statement, however many wait.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Final
from uuid import UUID

import structlog

from eventstore.follow import CHANNEL
from eventstore.postgres.connection import Connection
from eventstore.postgres.outages import classify
from eventstore.read import read_tails_of
from service.database.logins.session import ServiceLogin
from service.database.pool import SESSION

CONNECT_TIMEOUT_S: Final = 10.0
COMMAND_TIMEOUT_S: Final = 10.0
CLOSE_TIMEOUT_S: Final = 2.0
SWEEP_S: Final = 2.0
RETRY_S: Final = 1.0

log = structlog.get_logger()


class Wakes:
    """Wakes who waits for events of an organization. It owns the connection that listens."""

    def __init__(self, login: ServiceLogin, *, sweep_s: float = SWEEP_S) -> None:
        self._login, self._sweep_s = login, sweep_s
        self._waiting: dict[UUID, set[asyncio.Event]] = {}
        self._tails: dict[UUID, int] = {}  # As of the last sweep.
        self._always: list[Callable[[UUID], None]] = []
        self._lost = asyncio.Event()

    @contextmanager
    def watching(self, organization_id: UUID) -> Iterator[asyncio.Event]:
        """Give an event that is set whenever there may be something to read. Clear it before each read."""
        woken = asyncio.Event()
        waiting = self._waiting.setdefault(organization_id, set())
        waiting.add(woken)
        try:
            yield woken
        finally:
            waiting.discard(woken)
            if not waiting and self._waiting.get(organization_id) is waiting:
                del self._waiting[organization_id]
                self._tails.pop(organization_id, None)

    def call_always(self, on_events: Callable[[UUID], None]) -> None:
        """Call this with each organization that is notified of."""
        self._always.append(on_events)

    def wake_all(self) -> None:
        """Wake everybody."""
        for each in list(self._waiting):
            self._wake(each)

    async def run(self) -> None:
        """Listen until the task is cancelled. Lost connections are made again."""
        while True:
            try:
                await self._listen()
            except Exception as error:
                if classify(error).passes:
                    log.warning("feed_interrupted", error=repr(error))
                else:
                    log.exception("feed_failed")
            await asyncio.sleep(RETRY_S)

    async def _listen(self) -> None:
        self._lost.clear()
        connection = await self._login.connect(
            timeout_s=CONNECT_TIMEOUT_S,
            command_timeout=COMMAND_TIMEOUT_S,
            server_settings={**SESSION, "application_name": "scim-ledger feed"},
        )
        try:
            connection.add_termination_listener(lambda _: self._lost.set())
            await connection.add_listener(CHANNEL, self._on_notify)
            self.wake_all()  # Nobody listened until now.
            while not self._lost.is_set():
                await self._sweep(connection)
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._sweep_s):
                        await self._lost.wait()
        finally:
            with suppress(Exception):
                await connection.close(timeout=CLOSE_TIMEOUT_S)

    async def _sweep(self, connection: Connection) -> None:
        if not self._waiting:
            return
        tails = await read_tails_of(connection, list(self._waiting))
        for organization_id, tail in tails.items():
            if self._tails.get(organization_id) != tail and organization_id in self._waiting:
                self._tails[organization_id] = tail
                self._wake(organization_id)

    def _on_notify(self, _connection: object, _pid: int, _channel: str, message: object) -> None:
        organization_id = UUID(str(message))
        self._wake(organization_id)
        for each in self._always:
            each(organization_id)

    def _wake(self, organization_id: UUID) -> None:
        for each in self._waiting.get(organization_id, ()):
            each.set()


@asynccontextmanager
async def waking(wakes: Wakes) -> AsyncIterator[None]:
    """Listen for the duration of the block."""
    task = asyncio.create_task(wakes.run(), name="feed wakes")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
