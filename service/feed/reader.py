"""Reads the log for consumers. Those that wait for the same events share one read."""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import asyncpg
import orjson
import structlog

from eventstore.errors import BrokenSeal
from eventstore.events import RecordedEvent
from eventstore.postgres.connection import Connection
from eventstore.postgres.pool import borrowed
from eventstore.read import read, read_tail
from eventstore.sealing.sealer import Sealer
from service.feed.event import FeedEvent, feed_event
from service.replay.references import open_for_readers

READ_MAX: Final = 500  # Events of one read.
DATA_MAX: Final = 2_000_000  # Characters of their data: one event may hold a thousand members.
TIMEOUT_S: Final = 10.0
UNREADABLE: Final = (BrokenSeal, orjson.JSONDecodeError)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Batch:
    """Events after a position that are wanted, and the position up to which the log was looked at."""

    events: Sequence[FeedEvent]
    position: int


@dataclass(frozen=True, slots=True)
class _Place:
    organization_id: UUID
    after: int
    limit: int
    types: frozenset[str] | None


class FeedReader:
    """Reads with a share of the pool's connections. It owns the reads that are under way."""

    def __init__(self, pool: asyncpg.Pool, sealer: Sealer, connections: int) -> None:
        self._pool, self._sealer = pool, sealer
        self._free = asyncio.Semaphore(max(1, connections))
        self._reads: dict[_Place, asyncio.Task[Batch]] = {}

    async def read(
        self,
        organization_id: UUID,
        *,
        after: int,
        limit: int,
        types: Collection[str] | None = None,
    ) -> Batch:
        """Return the next wanted events after a position, at most `limit`, in order. `types` None: all are wanted.

        No events, and the position that was given: the log ends there. Errors: asyncpg's, TimeoutError.
        """
        wanted = None if types is None else frozenset(types)
        place = _Place(organization_id, after, min(limit, READ_MAX), wanted)
        task = self._reads.get(place)
        if task is None:
            task = self._reads[place] = asyncio.create_task(self._read(place), name="feed read")
            task.add_done_callback(lambda _: self._reads.pop(place, None))
        return await asyncio.shield(task)

    async def tail(self, organization_id: UUID) -> int:
        """Return the position of the last event; 0 if there is none. Errors: asyncpg's, TimeoutError."""
        async with self._free, borrowed(self._pool, timeout_s=TIMEOUT_S) as connection:
            return (await read_tail(connection, organization_id)).position

    async def _read(self, place: _Place) -> Batch:
        limit = place.limit if place.types is None else READ_MAX
        async with self._free, borrowed(self._pool, timeout_s=TIMEOUT_S) as connection:
            found = await read(
                connection, place.organization_id, after=place.after, limit=limit, data_max=DATA_MAX
            )
            wanted = [each for each in found if place.types is None or each.type in place.types]
            position = found[-1].position if found else place.after
            if len(wanted) > place.limit:
                wanted = wanted[: place.limit]
                position = wanted[-1].position
            return Batch(await self._opened(connection, wanted), position)

    async def _opened(
        self, connection: Connection, events: Sequence[RecordedEvent]
    ) -> list[FeedEvent]:
        try:
            opened = await open_for_readers(connection, self._sealer, events)
            return [feed_event(*each) for each in zip(events, opened, strict=True)]
        except UNREADABLE:
            return [await self._opened_alone(connection, each) for each in events]

    async def _opened_alone(self, connection: Connection, event: RecordedEvent) -> FeedEvent:
        """Return an event, without its values if their seal does not open: one event must not end the feed."""
        try:
            [personal] = await open_for_readers(connection, self._sealer, [event])
            return feed_event(event, personal)
        except UNREADABLE:
            log.error(  # noqa: TRY400 - the trace says no more.
                "feed_values_unreadable",
                organization_id=str(event.organization_id),
                position=event.position,
            )
            return feed_event(event, None, is_broken=True)
