"""Whether a write would succeed now. A transaction that leaves no row tries it; concurrent callers share the try."""

import asyncio

import asyncpg

from eventstore.append import try_append
from eventstore.postgres.pool import borrowed
from service.database.grants import find_missing

# How long a success counts. /readyz needs no token, and each try waits for the disk.
FRESH_S = 0.25
TIMEOUT_S = 2.0


class Readiness:
    """Tries to write, at most four times a second, however many callers ask."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._tried_at_s = float("-inf")
        self._trial: asyncio.Task[str] | None = None

    async def check(self) -> str:
        """Return why nothing can be written; empty if it can. Errors: asyncpg's, TimeoutError."""
        if asyncio.get_running_loop().time() - self._tried_at_s < FRESH_S:
            return ""
        if self._trial is None:
            self._trial = asyncio.create_task(self._try(), name="readiness")
        return await asyncio.shield(self._trial)

    async def _try(self) -> str:
        try:
            async with borrowed(self._pool, timeout_s=TIMEOUT_S) as connection:
                if missing := await find_missing(connection, to_serve=True):
                    return f"The service lacks {missing[0]}: run scim-ledger migrate."
                await try_append(connection)
            self._tried_at_s = asyncio.get_running_loop().time()
            return ""
        finally:
            self._trial = None
