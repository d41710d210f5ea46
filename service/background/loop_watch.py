"""Measures the event loop: how late a timer runs is how long everything else had to wait."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from prometheus_client import Histogram

TICK_S = 0.02

GAP = Histogram(
    "scim_ledger_event_loop_gap_seconds",
    "How late a timer of the event loop runs: so long everything else waits.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0),
)


@asynccontextmanager
async def watching_loop() -> AsyncIterator[None]:
    """Measure for the duration of the block."""
    task = asyncio.create_task(_tick(), name="loop watch")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _tick() -> None:
    loop = asyncio.get_running_loop()
    while True:
        due_s = loop.time() + TICK_S
        await asyncio.sleep(TICK_S)
        GAP.observe(max(0.0, loop.time() - due_s))
