"""Analyzes newly filled tables, because the planner has no statistics for them yet.

Without statistics the planner cannot choose between indexes, since all begin with organization_id. Autovacuum
runs once a minute. By then a first provisioning cycle has created thousands of users, and each lookup reads
all rows of the organization.
"""

from contextlib import AbstractAsyncContextManager

import asyncpg

from eventstore.postgres.connection import Connection
from eventstore.postgres.pool import borrowed
from eventstore.postgres.session import connect
from eventstore.postgres.statements import statements_in
from projections.registry import PROJECTIONS
from service.background.periodic import periodically

statement = statements_in(__package__)


SCHEMAS = ("eventstore", "followers", *PROJECTIONS)
ROWS_MAX = 20_000
INTERVAL_S = 2.0
TIMEOUT_S = 10.0


async def analyze_young(dsn: str, connection: Connection) -> list[str]:
    """Analyze the tables that need it, on a connection of their owner; return their names.

    `connection` only finds them: it may have any account.
    """
    young = await connection.fetch(statement("find_young_tables"), SCHEMAS, ROWS_MAX)
    names = [f'"{row["schemaname"]}"."{row["relname"]}"' for row in young]
    if names:
        owner = await connect(dsn, timeout_s=TIMEOUT_S, command_timeout=TIMEOUT_S)
        try:
            await owner.execute(f"ANALYZE {', '.join(names)}")
        finally:
            await owner.close(timeout=TIMEOUT_S)
    return names


def keeping_statistics(dsn: str, pool: asyncpg.Pool) -> AbstractAsyncContextManager[None]:
    """Analyze newly filled tables every few seconds, for the duration of the block."""

    async def look() -> None:
        async with borrowed(pool, timeout_s=TIMEOUT_S) as connection:
            await analyze_young(dsn, connection)

    return periodically(
        look,
        every_s=INTERVAL_S,
        name="statistics",
        failed="statistics_failed",
        postponed="statistics_postponed",
    )
