"""Hashes names of former users that a former release has written while it was replaced."""

from contextlib import AbstractAsyncContextManager

import asyncpg

from eventstore.postgres.pool import borrowed
from eventstore.sealing.sealer import Sealer
from projections.directory.former_names import hash_former_names
from service.background.periodic import periodically

INTERVAL_S = 60.0
TIMEOUT_S = 20.0


def hashing_names(pool: asyncpg.Pool, sealer: Sealer) -> AbstractAsyncContextManager[None]:
    """Look for names every minute, for the duration of the block."""

    async def look() -> None:
        async with borrowed(pool, timeout_s=TIMEOUT_S) as connection:
            await hash_former_names(connection, sealer)

    return periodically(
        look,
        every_s=INTERVAL_S,
        name="former names",
        failed="former_names_look_failed",
        postponed="former_names_not_looked_at",
    )
