"""Run composed statements: those whose text depends on a filter or on a sort.

Postgres keeps a prepared statement in the memory of each connection, more than 100 kB for a page, and clients
can compose statements without end. So only a few texts that come again and again are prepared. Any other is
planned for the one call and forgotten.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Final

import asyncpg

from eventstore.postgres.connection import Connection
from eventstore.postgres.unnamed import fetch_planned, fetchval_planned

PREPARED_MAX: Final = 32  # On each connection.
# A text gives up its place once it was not used for so long. The pool's connections keep a statement no longer than
# that, so none of them holds more than PREPARED_MAX composed statements at any time.
STATEMENT_LIFETIME_S: Final = 300.0
SEEN_MAX: Final = 256  # Texts that were seen once, lately.


class ComposedStatements:
    """Decides which composed statements are prepared: those that were seen twice, while there is room."""

    def __init__(
        self, prepared_max: int = PREPARED_MAX, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._prepared_max, self._clock = prepared_max, clock
        self._prepared: OrderedDict[str, float] = OrderedDict()  # Text → last use, the latest last.
        self._seen: OrderedDict[str, None] = OrderedDict()

    async def fetch(
        self, connection: Connection, sql: str, *arguments: object
    ) -> list[asyncpg.Record]:
        """Return the rows of a statement."""
        found: list[asyncpg.Record] = (
            await connection.fetch(sql, *arguments)
            if self.is_prepared(sql)
            else await fetch_planned(connection, sql, *arguments)
        )
        return found

    async def fetchval(self, connection: Connection, sql: str, *arguments: object) -> Any:
        """Return the only value of a statement."""
        if self.is_prepared(sql):
            return await connection.fetchval(sql, *arguments)
        return await fetchval_planned(connection, sql, *arguments)

    def is_prepared(self, sql: str) -> bool:
        """Return whether to prepare a statement that is run now."""
        now = self._clock()
        if sql in self._prepared:
            self._touch(sql, now)
            return True
        if sql not in self._seen:
            self._seen[sql] = None
            if len(self._seen) > SEEN_MAX:
                self._seen.popitem(last=False)
            return False
        if not self._has_room(now):
            self._seen.move_to_end(sql)
            return False
        del self._seen[sql]
        self._touch(sql, now)
        return True

    def _touch(self, sql: str, now: float) -> None:
        self._prepared[sql] = now
        self._prepared.move_to_end(sql)

    def _has_room(self, now: float) -> bool:
        """Return whether one more statement may be prepared, after forgetting those that nobody uses any more."""
        while self._prepared:
            oldest, used_at = next(iter(self._prepared.items()))
            if now - used_at < STATEMENT_LIFETIME_S:
                break
            del self._prepared[oldest]
        return len(self._prepared) < self._prepared_max
