"""Follow an organization's log: first the events that are there, then new ones soon after their commit."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from uuid import UUID

import asyncpg
import structlog

from eventstore.events import RecordedEvent
from eventstore.postgres.connection import Connection
from eventstore.postgres.outages import classify
from eventstore.postgres.statements import statements_in
from eventstore.read import read

statement = statements_in(__package__)


CHANNEL = "scim_ledger_events"  # Its messages are organization ids.
BATCH_MAX = 500  # Events in one batch.
TIMEOUT_S = 30.0  # For a connection, and for an answer from Postgres.
RETRY_FIRST_S = 0.1
RETRY_MAX_S = 5.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Listener:
    """A connection that listens, and an event that is set when there may be something to read."""

    connection: Connection
    organization_id: UUID
    woken: asyncio.Event = field(default_factory=asyncio.Event)

    def on_notify(self, _connection: object, _pid: int, _channel: str, message: object) -> None:
        """Wake the reader if the message is about this organization."""
        if message == str(self.organization_id):
            self.woken.set()

    def on_lost(self, _connection: object) -> None:
        """Wake the reader, because the connection is gone: its next read fails."""
        self.woken.set()


async def follow(
    pool: asyncpg.Pool, organization_id: UUID, *, after: int, sweep_s: float = 2.0
) -> AsyncGenerator[list[RecordedEvent], None]:
    """Yield the events after a position in batches: in order, each event once, without end.

    It reads when it is notified, and every `sweep_s`, because a notification may be lost. It holds a
    connection of the pool while it runs. If the connection is lost, it waits and then goes on. It ends
    with the task that runs it, or by `aclose`; close it before the pool.
    Errors: asyncpg's, once the pool closes.
    """
    failures = 0
    while True:
        try:
            async with listening(pool, organization_id) as listener:
                while True:
                    events = await read_or_wait(listener, after=after, sweep_s=sweep_s)
                    failures = 0
                    if events:
                        yield events
                        after = events[-1].position
        except Exception as error:
            if pool.is_closing() or not classify(error).passes:
                raise
            log.warning("follow_interrupted", error=repr(error))
        await asyncio.sleep(min(RETRY_FIRST_S * 2**failures, RETRY_MAX_S))
        failures += 1


@asynccontextmanager
async def listening(pool: asyncpg.Pool, organization_id: UUID) -> AsyncIterator[Listener]:
    """Give a connection that is notified of the organization's events, for the duration of the block."""
    async with pool.acquire(timeout=TIMEOUT_S) as connection:
        listener = Listener(connection, organization_id)
        connection.add_termination_listener(listener.on_lost)
        try:
            await connection.add_listener(CHANNEL, listener.on_notify)
            yield listener
        finally:
            if not connection.is_closed():
                connection.remove_termination_listener(listener.on_lost)
                await connection.remove_listener(CHANNEL, listener.on_notify)


async def read_or_wait(listener: Listener, *, after: int, sweep_s: float) -> list[RecordedEvent]:
    """Return the events after a position. If there are none, wait until it is time to read again."""
    listener.woken.clear()  # Cleared before the read: a notification during the read causes another read.
    async with asyncio.timeout(TIMEOUT_S):
        events = await read(
            listener.connection, listener.organization_id, after=after, limit=BATCH_MAX
        )
    if not events:
        with suppress(TimeoutError):
            async with asyncio.timeout(sweep_s):
                await listener.woken.wait()
    return events


async def notify(connection: Connection, organization_ids: Iterable[UUID]) -> None:
    """Wake the followers of these organizations. Call it after the events are committed.

    Never call it inside a transaction: at COMMIT, a NOTIFY takes one lock for the whole cluster, and the
    commits of all organizations would wait for each other.
    """
    assert not connection.is_in_transaction(), "notify belongs after the commit"
    await connection.execute(statement("notify"), CHANNEL, list(organization_ids))
