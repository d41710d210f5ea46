"""A bound on how many requests of one organization are worked on at once: a flood of one must not fill the event loop.

All requests that are worked on take turns on the event loop. A request of another organization waits for one step of
each of them, again and again. So it is answered soon only if they are few.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Hashable

from schema.scim.errors import Unavailable

EACH_MAX = 64
WAIT_S = 20.0
RECENT_S = 5.0  # For so long after a request an organization counts as one that works.


class Working:
    """Knows whether several organizations work at present."""

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._clock_s = clock_s
        # The organization of the latest request and when that came, and the same of the latest one of another.
        self._latest: tuple[Hashable, float] = (None, float("-inf"))
        self._latest_other: tuple[Hashable, float] = (None, float("-inf"))

    def note(self, organization_id: Hashable) -> None:
        """Note a request."""
        if self._latest[0] != organization_id:
            self._latest_other = self._latest
        self._latest = (organization_id, self._clock_s())

    def has_others(self, organization_id: Hashable) -> bool:
        """Return whether another organization has sent a request in the last seconds."""
        is_own = self._latest[0] == organization_id
        _, at_s = self._latest_other if is_own else self._latest
        return self._clock_s() - at_s < RECENT_S


class Turns:
    """Lets at most `each` requests of an organization be worked on. Further ones wait in their order.

    While other organizations work too, it is a quarter. `working` learns of each request.
    """

    def __init__(
        self,
        each: int = EACH_MAX,
        *,
        wait_s: float = WAIT_S,
        working: Working | None = None,
    ) -> None:
        self._each, self._few, self._wait_s = each, max(1, each // 4), wait_s
        self._working = working or Working()
        self._counts: dict[Hashable, int] = {}
        self._waiting: dict[Hashable, deque[asyncio.Future[None]]] = {}

    async def take(self, organization_id: Hashable) -> None:
        """Return once a request may be worked on; `give_back` must follow. Errors: Unavailable."""
        if not self.take_now(organization_id):
            await self._wait(organization_id)

    def take_now(self, organization_id: Hashable) -> bool:
        """Return whether a request may be worked on at once; then `give_back` must follow."""
        self._working.note(organization_id)
        count = self._counts.get(organization_id, 0)
        if count >= self._few and count >= self._limit(organization_id):
            return False
        self._counts[organization_id] = count + 1
        return True

    def give_back(self, organization_id: Hashable) -> None:
        """Let the next requests be worked on."""
        count = self._counts[organization_id] - 1
        if waiting := self._waiting.get(organization_id):
            count = self._serve(organization_id, waiting, count)
        if count:
            self._counts[organization_id] = count
        else:
            del self._counts[organization_id]

    def _serve(
        self, organization_id: Hashable, waiting: deque[asyncio.Future[None]], count: int
    ) -> int:
        """Let requests that wait be worked on, as long as fewer than the limit are; return how many are now."""
        limit = self._limit(organization_id)
        while waiting and count < limit:
            future = waiting.popleft()
            if not future.done():
                future.set_result(None)
                count += 1
        if not waiting:
            del self._waiting[organization_id]
        return count

    def _limit(self, organization_id: Hashable) -> int:
        return self._few if self._working.has_others(organization_id) else self._each

    async def _wait(self, organization_id: Hashable) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(organization_id, deque()).append(future)
        try:
            async with asyncio.timeout(self._wait_s):
                await self._await(organization_id, future)
        except TimeoutError:
            raise Unavailable(
                "The service is busy with other requests of this organization; send it again in a second."
            ) from None

    async def _await(self, organization_id: Hashable, future: asyncio.Future[None]) -> None:
        try:
            await future
        except asyncio.CancelledError:
            if not future.cancelled():  # The turn was passed on to a request that goes no further.
                self.give_back(organization_id)
            raise
