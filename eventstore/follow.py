"""Follows an organization's log: gives what is in it, then what comes, soon after its commit."""

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
BATCH_MAX = 500  # Events given at once.
TIMEOUT_S = 30.0  # For a connection, and for an answer of Postgres.
RETRY_FIRST_S = 0.1
RETRY_MAX_S = 5.0

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Ear:
    """A connection that listens, and the event that is set when there may be something to read."""

    connection: Connection
    organization_id: UUID
    woken: asyncio.Event = field(default_factory=asyncio.Event)

    def on_notify(self, _connection: object, _pid: int, _channel: str, message: object) -> None:
        """Note a message for this organization."""
        if message == str(self.organization_id):
            self.woken.set()

    def lose(self, _connection: object) -> None:
        """Note that the connection is gone: the next read finds it so."""
        self.woken.set()


async def follow(
    pool: asyncpg.Pool, organization_id: UUID, *, after: int, sweep_s: float = 2.0
) -> AsyncGenerator[list[RecordedEvent], None]:
    """Yield the events after a position in batches, in order, none twice, without end.

    Looks when it is notified, and every `sweep_s`, since a notification may be lost. Holds a
    connection of the pool while it runs; waits and goes on when that is lost. It ends with the task
    that runs it, or by `aclose`; close it before the pool. Errors: asyncpg's, once the pool closes.
    """
    failures = 0
    while True:
        try:
            async with listening(pool, organization_id) as ear:
                while True:
                    events = await read_or_wait(ear, after=after, sweep_s=sweep_s)
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
async def listening(pool: asyncpg.Pool, organization_id: UUID) -> AsyncIterator[Ear]:
    """Give a connection that hears of the organization's events for the duration of the block."""
    async with pool.acquire(timeout=TIMEOUT_S) as connection:
        ear = Ear(connection, organization_id)
        connection.add_termination_listener(ear.lose)
        try:
            await connection.add_listener(CHANNEL, ear.on_notify)
            yield ear
        finally:
            if not connection.is_closed():
                connection.remove_termination_listener(ear.lose)
                await connection.remove_listener(CHANNEL, ear.on_notify)


async def read_or_wait(ear: Ear, *, after: int, sweep_s: float) -> list[RecordedEvent]:
    """Return the events after a position; where there are none, wait for the next look first."""
    ear.woken.clear()  # Before the read: what is notified while it runs makes the next one.
    async with asyncio.timeout(TIMEOUT_S):
        events = await read(ear.connection, ear.organization_id, after=after, limit=BATCH_MAX)
    if not events:
        with suppress(TimeoutError):
            async with asyncio.timeout(sweep_s):
                await ear.woken.wait()
    return events


async def notify(connection: Connection, organization_ids: Iterable[UUID]) -> None:
    """Wake who follows these organizations; call it once their events are committed.

    Outside a transaction, always: a NOTIFY takes one lock for the whole cluster at COMMIT, and all
    organizations would wait for each other's.
    """
    assert not connection.is_in_transaction(), "notify belongs after the commit"
    await connection.execute(statement("notify"), CHANNEL, list(organization_ids))
