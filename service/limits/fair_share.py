"""What is scarce is shared: so many at once, and so many of one organization, so that none keeps others waiting."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from schema.scim.errors import Unavailable


class FairShare:
    """Lets `total` in at once, and `each` of one organization; who has waited too long is refused."""

    def __init__(self, total: int, each: int, *, wait_s: float) -> None:
        self._all = asyncio.Semaphore(total)
        self._each, self._wait_s = each, wait_s
        self._own: dict[UUID, asyncio.Semaphore] = {}
        self._counts: dict[UUID, int] = {}  # Of those who are in or wait, by organization.

    @asynccontextmanager
    async def slot(self, organization_id: UUID) -> AsyncIterator[None]:
        """Give a turn for the duration of the block. Errors: Unavailable."""
        own = self._own.setdefault(organization_id, asyncio.Semaphore(self._each))
        self._counts[organization_id] = self._counts.get(organization_id, 0) + 1
        try:
            # First among its own, so that who waits for them takes no place from others.
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
            await semaphore.acquire()  # At once.
            return
        try:
            async with asyncio.timeout(self._wait_s):
                await semaphore.acquire()
        except TimeoutError:
            raise Unavailable(
                "The service is busy with other requests of this kind; send it again in a second."
            ) from None

    def _leave(self, organization_id: UUID) -> None:
        self._counts[organization_id] -= 1
        if not self._counts[organization_id]:
            del self._counts[organization_id], self._own[organization_id]
