"""Compare the streams that changed during a rebuild with the log, before and after the swap."""

from collections.abc import Mapping
from uuid import UUID

import structlog

from eventstore.postgres.connection import Connection
from eventstore.postgres.statements import statements_in
from projections.maintenance.context import RebuildContext
from projections.verify.compare import (
    compare_touched,
    served_positions,
)

projections_statement = statements_in("projections")


SHOWN_MAX = 20

log = structlog.get_logger()


class LogMismatch(Exception):
    """The new tables do not match the log, and are not used. This is a bug: report it."""


class ServedMismatch(Exception):
    """The tables that serve now do not match the log. Roll back, then report it."""


async def check_caught_up(
    context: RebuildContext,
    tables: Connection,
    log_reader: Connection,
    *,
    since: Mapping[UUID, int],
    now: Mapping[UUID, int],
) -> None:
    """Compare the streams that changed since the load, in tables that nobody else writes. Errors: LogMismatch."""
    async with tables.transaction(readonly=True):
        if await differs(context, tables, log_reader, since=since, now=now):
            raise LogMismatch(LogMismatch.__doc__)


async def check_served(
    context: RebuildContext,
    tables: Connection,
    log_reader: Connection,
    *,
    since: Mapping[UUID, int],
) -> None:
    """Compare the streams that changed since some positions, in the tables that serve. Errors: ServedMismatch."""
    served = context.at(context.projection.name)
    async with tables.transaction(isolation="repeatable_read", readonly=True):
        now = await served_positions(tables, context.projection)
        if await differs(served, tables, log_reader, since=since, now=now):
            raise ServedMismatch(ServedMismatch.__doc__)


async def differs(
    context: RebuildContext,
    tables: Connection,
    log_reader: Connection,
    *,
    since: Mapping[UUID, int],
    now: Mapping[UUID, int],
) -> bool:
    """Return whether rows differ in the streams that changed between two points, and log the first of them.

    The caller owns the transaction.
    """
    await tables.execute(projections_statement("enter_schema"), context.schema)
    differences = [
        difference
        for organization_id, position in now.items()
        if position > since.get(organization_id, 0)
        async for compared in compare_touched(
            context,
            tables,
            log_reader,
            organization_id,
            after=since.get(organization_id, 0),
            position=position,
        )
        for difference in compared.differences
    ]
    for each in differences[:SHOWN_MAX]:
        log.error(
            "row_not_as_logged",
            schema=context.schema,
            table=each.table,
            key=each.key,
            kind=each.kind,
            columns=each.columns,
            positions=[position for position, _ in each.events],
        )
    return bool(differences)
