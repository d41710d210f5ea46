"""Notices tables that another release has built, when the service starts and while it runs.

A newer release may rebuild and swap its tables in while this service runs. If only the revision differs,
that is one line in the log. If the columns differ, /readyz reports it too.
"""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import asyncpg
import structlog

from eventstore.postgres.pool import borrowed
from projections.maintenance.release import ReleaseMismatch, find_release_mismatches
from service.background.periodic import periodically

INTERVAL_S = 1.0
TIMEOUT_S = 10.0

log = structlog.get_logger()


@asynccontextmanager
async def watching_release(pool: asyncpg.Pool) -> AsyncIterator[None]:
    """Look at the tables that serve once now, then repeatedly for the duration of the block."""
    known = await log_release_mismatches(pool)

    async def look() -> None:
        nonlocal known
        known = await log_release_mismatches(pool, known)

    async with periodically(
        look,
        every_s=INTERVAL_S,
        name="release watch",
        failed="projections_look_failed",
        postponed="projections_not_looked_at",
    ):
        yield


async def log_release_mismatches(
    pool: asyncpg.Pool, known: Iterable[ReleaseMismatch] = ()
) -> set[ReleaseMismatch]:
    """Log each release mismatch that is not in `known`; return all mismatches found now."""
    async with borrowed(pool, timeout_s=TIMEOUT_S) as connection:
        found = await find_release_mismatches(connection)
    for each in found:
        if each not in known:
            log.warning(
                "projection_of_other_code",
                projection=each.projection,
                columns=each.columns,
                remedy=each.remedy,
            )
    return set(found)


def not_ready(found: Iterable[ReleaseMismatch]) -> str:
    """Return why the service is not ready; empty if it is."""
    return " ".join(
        f"The tables of {each.projection} are of another release, by {', '.join(each.columns)}: "
        f"{each.remedy}; or run the release that built them."
        for each in found
        if each.columns
    )
