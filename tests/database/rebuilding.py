"""Rebuilds in tests: their context, how to interrupt them, and what the tables hold."""

import base64
from collections.abc import Callable
from typing import Any
from uuid import UUID

import asyncpg

from eventstore.postgres.connection import Connection
from eventstore.sealing.sealer import SealingKeys
from projections.maintenance.context import RebuildContext
from projections.maintenance.session import Progress
from projections.rebuild.rebuild import rebuild
from projections.registry import find_projection
from projections.verify.findings import Difference, Finding
from projections.verify.verify import verify
from tests.serving import MASTER_KEY, NAME_KEY_BYTES

SHARD_EVENTS = 40  # Small, because a small log then has several shards.


class Interrupted(Exception):
    """Somebody pressed Ctrl-C."""


def rebuild_context(dsn: str, name: str = "directory", *, processes: int = 1) -> RebuildContext:
    """Return the context for rebuilding a projection."""
    keys = SealingKeys((base64.b64decode(MASTER_KEY),), NAME_KEY_BYTES)
    return RebuildContext(
        dsn, keys, find_projection(name), name, processes, shard_events=SHARD_EVENTS
    )


def silent(_progress: Progress) -> None:
    """Report nothing."""


def stop_at(step: str) -> Callable[[Progress], None]:
    """Return a report function that interrupts a rebuild when a step begins."""

    def report(progress: Progress) -> None:
        if progress.step == step:
            raise Interrupted(step)

    return report


async def rebuild_until(step: str, place: RebuildContext) -> None:
    """Rebuild until a step begins, and interrupt the rebuild there."""
    try:
        await rebuild(place, stop_at(step))
    except Interrupted:
        return
    raise AssertionError(f"The rebuild never reached the step {step}.")


async def differences(
    place: RebuildContext, organization_id: UUID | None = None
) -> list[Difference]:
    """Return how the rows that serve differ from the log."""
    return [each for each in await findings(place, organization_id) if isinstance(each, Difference)]


async def findings(place: RebuildContext, organization_id: UUID | None = None) -> list[Finding]:
    """Return all findings of a comparison of the rows that serve with the log."""
    return [each async for each in verify(place, silent, organization_id)]


async def rows_of(connection: Connection, schema: str) -> dict[str, list[tuple[Any, ...]]]:
    """Return all rows of a schema by table, in a fixed order."""
    names = await connection.fetch(
        "SELECT tablename FROM pg_tables WHERE schemaname = $1 ORDER BY tablename", schema
    )
    return {
        name: [
            tuple(row)
            for row in await connection.fetch(
                f'SELECT * FROM "{schema}".{name} AS r ORDER BY r::text'
            )
        ]
        for (name,) in names
    }


async def shape_of(connection: asyncpg.Connection, schema: str) -> list[str]:
    """Return columns, indexes and constraints of a schema, without its name."""
    rows = await connection.fetch(
        "SELECT format('%s.%s %s %s', table_name, column_name, data_type, is_nullable) AS description"
        "  FROM information_schema.columns WHERE table_schema = $1"
        " UNION ALL SELECT replace(indexdef, format(' ON %I.', schemaname), ' ON ')"
        "  FROM pg_indexes WHERE schemaname = $1"
        " UNION ALL SELECT format('%s %s', conname, pg_get_constraintdef(oid))"
        "  FROM pg_constraint WHERE connamespace = to_regnamespace($1)"
        " ORDER BY description",
        schema,
    )
    return [row["description"] for row in rows]
