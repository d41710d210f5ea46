"""Work on many values in slices: no step on the event loop may take longer than some milliseconds."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from typing import TypeVar

SLICE_S = 0.005  # Of work on the event loop without a break.

T = TypeVar("T")


async def in_slices(values: Iterable[T]) -> AsyncIterator[T]:
    """Yield values to a loop that works on each; other tasks run after every few milliseconds of that work."""
    began = time.perf_counter()
    for each in values:
        yield each
        if time.perf_counter() - began > SLICE_S:
            await asyncio.sleep(0)
            began = time.perf_counter()
