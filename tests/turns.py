"""Another task on the event loop, which counts its turns: whether what is tested lets others go on."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass


@dataclass(slots=True)
class Turns:
    """How often another task ran."""

    count: int = 0


@asynccontextmanager
async def another_task() -> AsyncIterator[Turns]:
    """Run another task for the duration of the block."""
    turns = Turns()

    async def run() -> None:
        while True:
            turns.count += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(run())
    await asyncio.sleep(0)
    try:
        yield turns
    finally:
        task.cancel()
