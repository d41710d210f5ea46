"""Notices tables that another release has built: as the service starts, and while it runs.

A newer release's rebuild swaps its tables in under a service that runs. Where only the code differs
that is a line in the log; where the columns differ, /readyz says so too.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import asyncpg
import structlog

from eventstore.postgres.outages import Outage, classify
from eventstore.postgres.pool import borrowed
from projections.maintenance.release import ReleaseMismatch, find_release_mismatches

INTERVAL_S = 1.0
TIMEOUT_S = 10.0

log = structlog.get_logger()


@asynccontextmanager
async def watching_release(pool: asyncpg.Pool) -> AsyncIterator[None]:
    """Look at the tables that serve once, and then again and again for the duration of the block."""
    task = asyncio.create_task(_run(pool, await log_release_mismatches(pool)), name="other code")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _run(pool: asyncpg.Pool, told: set[ReleaseMismatch]) -> None:
    while True:
        await asyncio.sleep(INTERVAL_S)
        try:
            told = await log_release_mismatches(pool, told)
        except Exception as error:  # Whatever it is, the next look may go well.
            if classify(error) is Outage.NONE:
                log.exception("projections_look_failed")
            else:
                log.warning("projections_not_looked_at", error=repr(error))


async def log_release_mismatches(
    pool: asyncpg.Pool, told: Iterable[ReleaseMismatch] = ()
) -> set[ReleaseMismatch]:
    """Log each projection of another release that was not told of yet; return all that are there now."""
    async with borrowed(pool, timeout_s=TIMEOUT_S) as connection:
        found = await find_release_mismatches(connection)
    for each in found:
        if each not in told:
            log.warning(
                "projection_of_other_code",
                projection=each.projection,
                columns=each.columns,
                remedy=each.remedy,
            )
    return set(found)


def not_ready(found: Iterable[ReleaseMismatch]) -> str:
    """Return why the service must not be used, nothing where it may."""
    return " ".join(
        f"The tables of {each.projection} are of another release, by {', '.join(each.columns)}: "
        f"{each.remedy}; or run the release that built them."
        for each in found
        if each.columns
    )
