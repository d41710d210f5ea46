"""Keeps the writing of requests going for as long as the service serves."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

import asyncpg

from eventstore.sealing.sealer import Sealer
from service.background.periodic import going_on, periodically
from service.requests.count import count_ended
from service.requests.flush import flush, forget_old
from service.requests.kept import KeptRequests

FLUSH_EVERY_S: Final = 1.0
COUNT_EVERY_S: Final = 60.0
FORGET_EVERY_S: Final = 3_600.0


@asynccontextmanager
async def keeping_requests(
    pool: asyncpg.Pool, sealer: Sealer, kept: KeptRequests, *, days: int, per_day: int
) -> AsyncIterator[None]:
    """Write what requests leave behind every second of the block, and all that is left at its end."""
    write = partial(flush, pool, sealer, kept, per_day)
    async with (
        periodically(
            write,
            every_s=FLUSH_EVERY_S,
            name="kept requests",
            failed="requests_not_kept",
            postponed="requests_kept_late",
        ),
        periodically(
            partial(count_ended, pool),
            every_s=COUNT_EVERY_S,
            name="counts of cycles",
            failed="cycles_not_counted",
            postponed="cycles_counted_late",
        ),
        periodically(
            partial(forget_old, pool, days),
            every_s=FORGET_EVERY_S,
            name="old requests",
            failed="requests_not_forgotten",
            postponed="requests_forgotten_late",
        ),
    ):
        yield
    with going_on("requests_not_kept", "requests_kept_late"):
        while kept:
            await write()
