"""Garbage collection that does not stop the event loop.

A full collection looks at every object that is alive: while a group of 100,000 members is in work, it takes a fifth of a
second, in which no thread runs. So the interpreter never begins one in the service (`tune_gc`). We do, when no large
request is in work (`collecting_garbage`). Reference counting frees nearly everything at once; only cycles wait for a
collection.

A batch about 100,000 people makes a million objects without a cycle, and waits for Postgres again and again. It pauses
all collections, ours and those of the interpreter, which has other thresholds in a process that `serve` did not start.
"""

import asyncio
import gc
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

import psutil

# Objects after which the youngest are looked at, and how often that happens before those that survived are, too. Both end
# within milliseconds, however many objects there are.
YOUNG, MIDDLE = 10_000, 5
NEVER = 1_000_000_000
EVERY_S = 1.0
DUE_AFTER = 20  # Collections of the middle generation, so a million objects.
BYTES_MAX = 469_762_048  # Of the process: then cycles may be the cause, and a gap is better than to be killed.
REST_S = 10.0  # Between two collections for that reason.


def tune_gc() -> None:
    """Freeze the objects that stay, and collect seldom: a request makes 500 objects and no cycle."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, NEVER)
    # A small request needs the interpreter a dozen times; while a long one works beside the event loop, it waits so
    # long for it each time.
    sys.setswitchinterval(0.001)


class Pause:
    """A pause that has begun, or not. It is owned by one batch."""

    running = 0  # Pauses of all batches; the last one that ends lets collections begin again.

    def __init__(self) -> None:
        self.has_begun = False

    def begin(self) -> None:
        """Begin, if it has not begun."""
        if not self.has_begun:
            self.has_begun = True
            Pause.running += 1
            gc.disable()

    def end(self) -> None:
        """End, if it has begun."""
        if self.has_begun:
            self.has_begun = False
            Pause.running -= 1
            if not Pause.running:
                gc.enable()


@contextmanager
def pausable() -> Iterator[Pause]:
    """Give a pause that ends with the block, if it has begun by then."""
    pause = Pause()
    try:
        yield pause
    finally:
        pause.end()


@asynccontextmanager
async def collecting_garbage(
    is_quiet: Callable[[], bool], *, every_s: float = EVERY_S, due_after: int = DUE_AFTER
) -> AsyncIterator[None]:
    """Begin full collections for the duration of the block, while `is_quiet` returns that no large request is in work.

    None begins in a pause either, unless the process has grown too large.
    """
    task = asyncio.create_task(_run(is_quiet, every_s, due_after), name="garbage")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _run(is_quiet: Callable[[], bool], every_s: float, due_after: int) -> None:
    last_s = -REST_S
    while True:
        await asyncio.sleep(every_s)
        is_due = gc.get_count()[2] >= due_after and is_quiet() and not Pause.running
        is_rested = time.monotonic() - last_s >= REST_S
        if is_due or (is_rested and _memory_bytes() > BYTES_MAX):
            gc.collect()
            last_s = time.monotonic()


def _memory_bytes() -> int:
    """Return the resident memory of this process."""
    size: int = psutil.Process().memory_info().rss
    return size
