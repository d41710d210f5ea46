"""Checks of tables against the log: all of what serves, and what a rebuild has caught up with."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from uuid import UUID

import structlog

from projections.findings import Finding, Unread, Waiting
from projections.fold import NotFolded
from projections.load import Connection
from projections.rebuild_context import RebuildContext
from projections.rebuild_site import Progress, Report, at_work
from projections.statements import statement
from projections.verify import (
    compare_log,
    compare_touched,
    find_unlogged,
    load_parked_positions,
    served_positions,
)

SHOWN_MAX = 20

log = structlog.get_logger()


class NotAsLogged(Exception):
    """The new tables are not as the log says, and do not serve. This is a bug: report it."""


class ServesNotAsLogged(Exception):
    """The tables that serve now are not as the log says: roll back, then report it."""


async def verify(
    context: RebuildContext, report: Report, organization_id: UUID | None = None
) -> AsyncGenerator[Finding, None]:
    """Yield how the rows that serve differ from what the log says, while both go on. Errors: Busy.

    All is compared as of one moment, for one organization or for all of them; rows that belong to no
    log at all are found only in the latter case. Streams that are parked are counted for each log,
    and an event that cannot be read ends the comparison of its log only.
    """
    name = context.projection.name
    async with (
        at_work(context, is_alone=False) as (tables, log_reader),
        tables.transaction(isolation="repeatable_read", readonly=True),
    ):
        await tables.execute(statement("enter_schema"), name)
        served = context.at(name)
        positions = await served_positions(tables, context.projection)
        chosen = {each: p for each, p in positions.items() if organization_id in (None, each)}
        done, total = 0, sum(chosen.values())
        for each, position in chosen.items():
            if parked := await load_parked_positions(tables, name, each):
                yield Waiting(each, len(parked))
            try:
                comparing = compare_log(served, tables, log_reader, each, position=position)
                async with aclosing(comparing) as pages:
                    async for compared in pages:
                        done += compared.count
                        report(Progress("verify", done, total))
                        for difference in compared.differences:
                            yield difference
            except NotFolded as error:  # The other logs are compared all the same.
                yield Unread(each, error)
        if organization_id is None:
            for difference in await find_unlogged(served, tables, list(positions)):
                yield difference


async def check_caught_up(
    context: RebuildContext,
    tables: Connection,
    log_reader: Connection,
    *,
    since: Mapping[UUID, int],
    now: Mapping[UUID, int],
) -> None:
    """Compare the streams that changed since the load, in tables that nobody writes. Errors: NotAsLogged."""
    async with tables.transaction(readonly=True):
        if await differs(context, tables, log_reader, since=since, now=now):
            raise NotAsLogged(NotAsLogged.__doc__)


async def check_served(
    context: RebuildContext,
    tables: Connection,
    log_reader: Connection,
    *,
    since: Mapping[UUID, int],
) -> None:
    """Compare the streams that changed since, in the tables that serve. Errors: ServesNotAsLogged."""
    served = context.at(context.projection.name)
    async with tables.transaction(isolation="repeatable_read", readonly=True):
        now = await served_positions(tables, context.projection)
        if await differs(served, tables, log_reader, since=since, now=now):
            raise ServesNotAsLogged(ServesNotAsLogged.__doc__)


async def differs(
    context: RebuildContext,
    tables: Connection,
    log_reader: Connection,
    *,
    since: Mapping[UUID, int],
    now: Mapping[UUID, int],
) -> bool:
    """Tell whether rows of the streams that changed between two points differ, and log which.

    The caller owns the transaction.
    """
    await tables.execute(statement("enter_schema"), context.schema)
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
