"""Work on many values in slices: no step on the event loop may take longer than some milliseconds.

Every write passes here ten times, mostly with a few values. So `results_of` and `Slices` cost no more than a look at
the clock for each value, and `in_slices` is for what needs an iterator.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable
from typing import TypeVar

SLICE_S = 0.005  # Of work on the event loop without a break.

T = TypeVar("T")
R = TypeVar("R")


class Slices:
    """The clock of a loop that does long work. It awaits `rest` after each value with which a slice is over."""

    __slots__ = ("_began",)

    def __init__(self) -> None:
        self._began = time.perf_counter()

    def is_over(self) -> bool:
        """Return whether the loop has worked for as long as it may."""
        return time.perf_counter() - self._began > SLICE_S

    async def rest(self) -> None:
        """Let other tasks run, and begin the next slice."""
        await asyncio.sleep(0)
        self._began = time.perf_counter()


async def results_of(work: Callable[[T], R], values: Iterable[T]) -> list[R]:
    """Return what a function returns for each value; other tasks run after every few milliseconds. Errors: its own."""
    results: list[R] = []
    clock, began = time.perf_counter, time.perf_counter()
    for each in values:
        results.append(work(each))
        if clock() - began > SLICE_S:
            await asyncio.sleep(0)
            began = clock()
    return results


async def in_slices(values: Iterable[T]) -> AsyncIterator[T]:
    """Yield values to a loop that works on each; other tasks run after every few milliseconds of that work."""
    slices = Slices()
    for each in values:
        yield each
        if slices.is_over():
            await slices.rest()
