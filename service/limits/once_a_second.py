"""Work whose result may be a second old, so that nobody can use up the service by asking again and again."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

FRESH_S = 1.0

T = TypeVar("T")


class OnceASecond(Generic[T]):
    """Does some work at most once a second, however many callers ask for its result."""

    def __init__(self, work: Callable[[], Awaitable[T]], *, fresh_s: float = FRESH_S) -> None:
        self._work, self._fresh_s = work, fresh_s
        self._made: tuple[float, T] | None = None
        self._task: asyncio.Task[T] | None = None

    async def get(self) -> T:
        """Return the result. Errors: those of the work; they are not remembered."""
        if self._made is not None and self._now_s() - self._made[0] < self._fresh_s:
            return self._made[1]
        if self._task is None:
            self._task = asyncio.create_task(self._do(), name="once a second")
        # If this caller leaves, the others still wait for the same work.
        return await asyncio.shield(self._task)

    async def _do(self) -> T:
        try:
            began_s = self._now_s()
            result = await self._work()
            self._made = (began_s, result)
            return result
        finally:
            self._task = None

    def _now_s(self) -> float:
        return asyncio.get_running_loop().time()
