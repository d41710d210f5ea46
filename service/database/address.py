"""Where clients reach the service: `serve` records it in the database, and commands read it there."""

import asyncpg

from eventstore.postgres.statements import statements_in
from service.config import Settings

statement = statements_in(__package__)


async def record_address(pool: asyncpg.Pool, origin: str) -> None:
    """Record the scheme and host of the service that is starting, in place of the ones recorded before."""
    async with pool.acquire() as connection:
        await connection.execute(statement("record_address"), origin)


async def find_origin(pool: asyncpg.Pool, settings: Settings) -> str:
    """Return the scheme and host of the service: from SCIM_LEDGER_PUBLIC_URL, else as last recorded."""
    if settings.public_url:
        return settings.origin
    async with pool.acquire() as connection:
        recorded: str | None = await connection.fetchval(statement("find_address"))
    return recorded or settings.origin
