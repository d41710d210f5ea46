"""Count what queries match, and cache large totals until the organization's log grows."""

import time
from collections import OrderedDict
from dataclasses import dataclass
from uuid import UUID

from eventstore.postgres.connection import Connection
from eventstore.read import read_tail
from projections.directory.queries.composed import ComposedStatements
from projections.directory.queries.plan import Query, count_statement

CACHED_MAX = 1_000
CACHED_S = 60.0  # A rebuild may correct rows without an event.
COUNT_MIN = 10_000  # Counting fewer is about as fast as reading the end of the log.


@dataclass(frozen=True, slots=True)
class Total:
    """How many resources matched when a log had reached a position."""

    position: int
    count: int
    counted_at_s: float


class Totals:
    """Counts what a query matches. Counting a million rows takes a tenth of a second, for every page.

    Every change of the directory is committed with events. An unchanged log means an unchanged total.
    """

    def __init__(
        self, composed: ComposedStatements | None = None, count_min: int = COUNT_MIN
    ) -> None:
        self._composed = composed or ComposedStatements()
        self._count_min = count_min
        self._cached: OrderedDict[tuple[UUID, str], Total] = OrderedDict()

    async def count(self, connection: Connection, organization_id: UUID, query: Query) -> int:
        """Return how many resources match."""
        sql, values = count_statement(query)
        key = (organization_id, repr((sql, values)))
        # Read before the count. If the log grows in between, the position is outdated; the total is not.
        position = (await read_tail(connection, organization_id)).position
        cached = self._cached.get(key)
        if (
            cached
            and cached.position == position
            and time.monotonic() < cached.counted_at_s + CACHED_S
        ):
            return cached.count
        count: int = await self._composed.fetchval(connection, sql, organization_id, *values)
        total = Total(position, count, time.monotonic())
        if total.count >= self._count_min:
            self._keep(key, total)
        return total.count

    def _keep(self, key: tuple[UUID, str], total: Total) -> None:
        self._cached[key] = total
        self._cached.move_to_end(key)
        if len(self._cached) > CACHED_MAX:
            self._cached.popitem(last=False)
