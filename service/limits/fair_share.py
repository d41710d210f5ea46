"""A bound on how many requests hold something scarce, in all and per organization: none may starve others."""

import asyncio
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager

from schema.scim.errors import Unavailable


class FairShare:
    """Gives `total` slots, at most `each` to one organization; a request that waits too long is refused.

    `wait_s` None: what waits is never refused.
    """

    def __init__(self, total: int, each: int, *, wait_s: float | None) -> None:
        self._all = asyncio.Semaphore(total)
        self._each, self._wait_s = each, wait_s
        self._own: dict[Hashable, asyncio.Semaphore] = {}
        self._counts: dict[
            Hashable, int
        ] = {}  # Requests that hold a slot or wait for one, by organization.

    @asynccontextmanager
    async def slot(self, organization_id: Hashable) -> AsyncIterator[None]:
        """Hold a slot for the duration of the block. Errors: Unavailable."""
        own = self._own.setdefault(organization_id, asyncio.Semaphore(self._each))
        self._counts[organization_id] = self._counts.get(organization_id, 0) + 1
        try:
            # First the organization's own bound: a request that waits there must not occupy a slot that others need.
            await self._enter(own)
            try:
                await self._enter(self._all)
                try:
                    yield
                finally:
                    self._all.release()
            finally:
                own.release()
        finally:
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
