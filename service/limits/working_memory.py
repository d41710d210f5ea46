"""A bound on the memory that requests work in at once, in all and per organization: the others wait for it."""

import asyncio
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager
from typing import NamedTuple

from schema.scim.errors import Unavailable


class Waiting(NamedTuple):
    """A request that waits for memory, and the future that it awaits."""

    holder: Hashable
    size: int
    begun: asyncio.Future[None]


class WorkingMemory:
    """Gives at most `total` bytes, and at most `each` to one holder. A request that waits too long is refused.

    The sizes are estimates, made before the work begins. Those who wait get memory in their order, except that a
    holder with too much of it does not keep others waiting. One request may take more than `each`, alone.
    """

    def __init__(self, total: int, each: int, *, wait_s: float) -> None:
        self._total, self._each, self._wait_s = total, each, wait_s
        self._used = 0
        self._own: dict[Hashable, int] = {}
        self._waiting: list[Waiting] = []

    @property
    def is_free(self) -> bool:
        """Return whether nobody holds memory."""
        return not self._used

    @asynccontextmanager
    async def holding(self, holder: Hashable, size: int) -> AsyncIterator[None]:
        """Hold memory for the duration of the block. Errors: Unavailable."""
        await self.take(holder, size)
        try:
            yield
        finally:
            self.give_back(holder, size)

    async def take(self, holder: Hashable, size: int) -> None:
        """Take memory, which `give_back` returns; wait for it if there is not enough. Errors: Unavailable."""
        if not self._waiting and self._fits(holder, size):
            self._give(holder, size)
            return
        waiting = Waiting(holder, size, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        self._serve()
        try:
            async with asyncio.timeout(self._wait_s):
                await waiting.begun
        except BaseException as error:
            if waiting.begun.done() and not waiting.begun.cancelled():
                self.give_back(holder, size)  # It was given in the same moment.
            else:
                if waiting in self._waiting:
                    self._waiting.remove(waiting)
                self._serve()
            if isinstance(error, TimeoutError):
                raise Unavailable(
                    "Too many large requests are in work; send it again in a second."
                ) from None
            raise

    def give_back(self, holder: Hashable, size: int) -> None:
        """Return memory, and give it to those who wait."""
        if not size:  # A body may turn out to be empty.
            return
        self._used -= size
        self._own[holder] -= size
        if not self._own[holder]:
            del self._own[holder]
        self._serve()

    def _fits(self, holder: Hashable, size: int) -> bool:
        own = self._own.get(holder, 0)
        return (not own or own + size <= self._each) and (
            not self._used or self._used + size <= self._total
        )

    def _give(self, holder: Hashable, size: int) -> None:
        self._used += size
        self._own[holder] = self._own.get(holder, 0) + size

    def _serve(self) -> None:
        """Give memory to those who wait: in their order, until there is too little for the next one."""
        left: list[Waiting] = []
        is_full = False
        for each in self._waiting:
            own = self._own.get(each.holder, 0)
            is_own_full = bool(own) and own + each.size > self._each
            if is_full or is_own_full or not self._fits(each.holder, each.size):
                is_full |= not is_own_full
                left.append(each)
            elif not each.begun.done():
                self._give(each.holder, each.size)
                each.begun.set_result(None)
        self._waiting = left
