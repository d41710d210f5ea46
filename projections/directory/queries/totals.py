"""Totals of queries that many resources match: kept as long as an organization's log does not grow."""

import time
from collections import OrderedDict
from dataclasses import dataclass
from uuid import UUID

from eventstore.postgres.connection import Connection
from eventstore.read import read_tail
from projections.directory.queries.plan import Query, count_statement

CACHED_MAX = 1_000
CACHED_S = 60.0  # A rebuild may mend rows, which no event tells of.
COUNT_MIN = 10_000  # Fewer are counted about as fast as the log is asked.


@dataclass(frozen=True, slots=True)
class Total:
    """How many resources matched when a log had reached a position."""

    position: int
    count: int
    counted_at_s: float


class Totals:
    """Counts what a query matches. A million rows take a tenth of a second, for each page of them.

    Every change of the directory is committed with events: so an unchanged log means an unchanged total.
    """

    def __init__(self, count_min: int = COUNT_MIN) -> None:
        self._count_min = count_min
        self._kept: OrderedDict[tuple[UUID, str], Total] = OrderedDict()

    async def count(self, connection: Connection, organization_id: UUID, query: Query) -> int:
        """Return how many resources match."""
        sql, values = count_statement(query)
        key = (organization_id, repr((sql, values)))
        # Before the count: if the log grows between them, the position is outdated and not the total.
        position = (await read_tail(connection, organization_id)).position
        kept = self._kept.get(key)
        if kept and kept.position == position and time.monotonic() < kept.counted_at_s + CACHED_S:
            return kept.count
        count: int = await connection.fetchval(sql, organization_id, *values)
        total = Total(position, count, time.monotonic())
        if total.count >= self._count_min:
            self._keep(key, total)
        return total.count

    def _keep(self, key: tuple[UUID, str], total: Total) -> None:
        self._kept[key] = total
        self._kept.move_to_end(key)
        if len(self._kept) > CACHED_MAX:
            self._kept.popitem(last=False)
