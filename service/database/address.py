"""Where clients reach the service: it says so in the database, where the commands find it."""

import asyncpg

from eventstore.postgres.statements import statements_in
from service.config import Settings

statement = statements_in(__package__)


async def record_address(pool: asyncpg.Pool, origin: str) -> None:
    """Record scheme and host of the service that starts now; it takes the place of the one before."""
    async with pool.acquire() as connection:
        await connection.execute(statement("record_address"), origin)


async def find_origin(pool: asyncpg.Pool, settings: Settings) -> str:
    """Return scheme and host of the service: as set here for clients, else where it was started last."""
    if settings.public_url:
        return settings.origin
    async with pool.acquire() as connection:
        recorded: str | None = await connection.fetchval(statement("find_address"))
    return recorded or settings.origin
