"""Counts events by day."""

from collections.abc import Collection
from datetime import date
from uuid import UUID

from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in

statement = statements_in(__package__)


async def count_days(
    connection: Connection,
    organization_id: UUID,
    after: int,
    last: int,
    *,
    zone: str,
    types: Collection[str],
) -> dict[tuple[date, str], int]:
    """Return how many events of some types there are by day and type, after a position and up to another."""
    rows = await connection.fetch(
        statement("count_days"), organization_id, after, last, zone, list(types)
    )
    return {(row["day"], row["type"]): row["events"] for row in rows}
