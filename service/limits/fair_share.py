"""A bound on how many requests hold something scarce, in all and per organization: none may starve others."""

import asyncio
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager
from typing import NamedTuple

from schema.scim.errors import Unavailable
from service.limits.turns import Working


class Own(NamedTuple):
    """The bounds of one organization: while it works alone, and beside others."""

    alone: asyncio.Semaphore
    beside_others: asyncio.Semaphore


class FairShare:
    """Gives `total` slots, at most `each` to one organization; a request that waits too long is refused.

    `wait_s` None: what waits is never refused. While other organizations work too, as `working` knows, one gets a third
    of `each`: what holds slots for long also keeps processors busy, in Postgres or here.
    """

    def __init__(
        self,
        total: int,
        each: int,
        *,
        wait_s: float | None,
        working: Working | None = None,
    ) -> None:
        self._all = asyncio.Semaphore(total)
        self._each, self._wait_s = each, wait_s
        self._few, self._working = max(1, each // 3), working or Working()
        self._own: dict[Hashable, Own] = {}
        # Requests that hold a slot or wait for one, by organization.
        self._counts: dict[Hashable, int] = {}

    @asynccontextmanager
    async def slot(self, organization_id: Hashable) -> AsyncIterator[None]:
        """Hold a slot for the duration of the block. Errors: Unavailable."""
        own = self._own.get(organization_id)
        if own is None:
            own = Own(asyncio.Semaphore(self._each), asyncio.Semaphore(self._few))
            self._own[organization_id] = own
        self._counts[organization_id] = self._counts.get(organization_id, 0) + 1
        # First the organization's own bounds: a request that waits there must not occupy a slot that others need.
        wanted: tuple[asyncio.Semaphore, ...] = (own.alone, self._all)
        if self._working.has_others(organization_id):
            wanted = (own.beside_others, own.alone, self._all)
        held = list[asyncio.Semaphore]()
        try:
            for each in wanted:
                await self._enter(each)
                held.append(each)
            yield
        finally:
            for each in held:
                each.release()
            self._leave(organization_id)

    async def _enter(self, semaphore: asyncio.Semaphore) -> None:
        if not semaphore.locked():
            await semaphore.acquire()  # Returns at once.
            return
        try:
            async with asyncio.timeout(self._wait_s):
                await semaphore.acquire()
        except TimeoutError:
            raise Unavailable(
                "The service is busy with other requests of this kind; send it again in a second."
            ) from None

    def _leave(self, organization_id: Hashable) -> None:
        self._counts[organization_id] -= 1
        if not self._counts[organization_id]:
            del self._counts[organization_id], self._own[organization_id]
