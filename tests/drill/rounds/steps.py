"""What several rounds do."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.drill.process import Process

REST_TIMEOUT_S = 90.0  # For clients to get what they asked for, once the fault is over.
ANSWER_S_MAX = 25.0  # For an answer, whatever is broken; clients give up after 60.


@asynccontextmanager
async def running(*processes: Process) -> AsyncIterator[Process]:
    """Run services for the duration of the block; give the first."""
    try:
        for process in processes:
            await process.start()
        yield processes[0]
    finally:
        for process in processes:
            await process.stop()
