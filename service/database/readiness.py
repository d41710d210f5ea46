"""Whether a write would succeed now. A transaction that leaves no row tries it."""

import asyncpg

from eventstore.append import try_append
from eventstore.postgres.pool import borrowed
from service.database.grants import find_missing

TIMEOUT_S = 2.0


async def try_to_write(pool: asyncpg.Pool) -> str:
    """Return why nothing can be written; empty if it can. Errors: asyncpg's, TimeoutError."""
    async with borrowed(pool, timeout_s=TIMEOUT_S) as connection:
        if missing := await find_missing(connection, to_serve=True):
            return f"The service lacks {missing[0]}: run scim-ledger migrate."
        await try_append(connection)
    return ""
