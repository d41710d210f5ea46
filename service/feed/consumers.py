"""A bound on the consumers that wait in this process, in all and of one organization: each holds a connection."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from uuid import UUID

from prometheus_client import Gauge

from schema.scim.errors import TooManyRequests

TOTAL_MAX: Final = 500
EACH_MAX: Final = 20
RETRY_AFTER_S: Final = 5.0

WAITING = Gauge(
    "scim_ledger_feed_consumers",
    "Consumers of the feed that are connected, by how they read: poll or stream.",
    ["kind"],
    multiprocess_mode="livesum",
)


class Consumers:
    """Counts the consumers that are connected."""

    def __init__(self, total_max: int = TOTAL_MAX, each_max: int = EACH_MAX) -> None:
        self._total_max, self._each_max = total_max, each_max
        self._counts = Counter[UUID]()
        self._total = 0

    @contextmanager
    def place(self, organization_id: UUID, kind: str) -> Iterator[None]:
        """Hold a place for the duration of the block. Errors: TooManyRequests."""
        if self._counts[organization_id] >= self._each_max:
            raise TooManyRequests(
                f"{self._each_max} consumers of this organization are connected: end one of them, or let one "
                "consumer hand the events on.",
                RETRY_AFTER_S,
            )
        if self._total >= self._total_max:
            raise TooManyRequests(
                f"{self._total_max} consumers are connected to this process; try again.",
                RETRY_AFTER_S,
            )
        self._counts[organization_id] += 1
        self._total += 1
        WAITING.labels(kind).inc()
        try:
            yield
        finally:
            WAITING.labels(kind).dec()
            self._total -= 1
            self._counts[organization_id] -= 1
            if not self._counts[organization_id]:
                del self._counts[organization_id]
