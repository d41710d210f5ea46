"""Analyzes newly filled tables, because the planner has no statistics for them yet.

Without statistics the planner cannot choose between indexes, since all begin with organization_id. Autovacuum
runs once a minute. By then a first provisioning cycle has created thousands of users, and each lookup reads
all rows of the organization.
"""

from contextlib import AbstractAsyncContextManager

import asyncpg

from eventstore.postgres.connection import Connection
from eventstore.postgres.pool import borrowed
from eventstore.postgres.statements import statements_in
from projections.registry import PROJECTIONS
from service.background.periodic import periodically

statement = statements_in(__package__)


SCHEMAS = ("eventstore", "followers", *PROJECTIONS)
ROWS_MAX = 20_000
INTERVAL_S = 2.0
TIMEOUT_S = 10.0


async def analyze_young(connection: Connection) -> list[str]:
    """Analyze the tables that need it; return their names."""
    young = await connection.fetch(statement("find_young_tables"), SCHEMAS, ROWS_MAX)
    for row in young:  # Each in a transaction of its own, so that no lock is held for long.
        await connection.execute(statement("analyze_table"), row["schemaname"], row["relname"])
    return [f"{row['schemaname']}.{row['relname']}" for row in young]


def keeping_statistics(pool: asyncpg.Pool) -> AbstractAsyncContextManager[None]:
    """Analyze newly filled tables every few seconds, for the duration of the block."""

    async def look() -> None:
        async with borrowed(pool, timeout_s=TIMEOUT_S) as connection:
            await analyze_young(connection)

    return periodically(
        look,
        every_s=INTERVAL_S,
        name="statistics",
        failed="statistics_failed",
        postponed="statistics_postponed",
    )
