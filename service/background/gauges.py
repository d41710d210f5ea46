"""Sets the gauges of queues and connections once a second, and that of open holds once in a while."""

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from eventstore.postgres.outages import Outage, classify
from eventstore.postgres.pool import borrowed
from projections.directory.queries.holds import count_open_holds
from service.background.periodic import periodically
from service.metrics.writes import HOLDS, POOL, WAITING
from service.write.lane import Lanes

INTERVAL_S = 1.0
HOLDS_EVERY_S = 15.0
TIMEOUT_S = 5.0


@asynccontextmanager
async def keeping_gauges(pool: asyncpg.Pool, lanes: Lanes) -> AsyncIterator[None]:
    """Keep the gauges current for the duration of the block."""

    async def look_at_holds() -> None:
        try:
            async with borrowed(pool, timeout_s=TIMEOUT_S) as connection:
                HOLDS.set(await count_open_holds(connection))
        except Exception as error:
            HOLDS.set(math.nan)  # Nothing is known now.
            if classify(error) is Outage.NONE:
                raise

    watching = asyncio.create_task(_watch(pool, lanes), name="gauges")
    try:
        async with periodically(
            look_at_holds,
            every_s=HOLDS_EVERY_S,
            name="holds",
            failed="holds_count_failed",
            postponed="holds_not_counted",
        ):
            yield
    finally:
        watching.cancel()
        await asyncio.wait([watching])


async def _watch(pool: asyncpg.Pool, lanes: Lanes) -> None:
    while True:
        longest, total = lanes.waiting
        WAITING.labels("longest").set(longest)
        WAITING.labels("all").set(total)
        idle = pool.get_idle_size()
        POOL.labels("used").set(pool.get_size() - idle)
        POOL.labels("idle").set(idle)
        POOL.labels("max").set(pool.get_max_size())
        await asyncio.sleep(INTERVAL_S)
