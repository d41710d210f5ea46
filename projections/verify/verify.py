"""Compare the rows that serve with what the log leads to, and yield findings."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from uuid import UUID

from eventstore.postgres.statements import statements_in
from projections.fold import NotFolded
from projections.maintenance.context import RebuildContext
from projections.maintenance.session import Progress, Report, at_work
from projections.verify.compare import (
    compare_log,
    find_unlogged,
    load_parked_positions,
    served_positions,
)
from projections.verify.findings import Finding, Unread, Waiting

projections_statement = statements_in("projections")


async def verify(
    context: RebuildContext, report: Report, organization_id: UUID | None = None
) -> AsyncGenerator[Finding, None]:
    """Yield how the rows that serve differ from the log, while writes go on. Errors: Busy.

    Everything is compared as of one moment, for one organization or for all. Rows that belong to no log are
    found only if all organizations are compared. Parked streams are counted for each log. An event that
    cannot be read ends only the comparison of its log.
    """
    name = context.projection.name
    async with (
        at_work(context, is_alone=False) as (tables, log_reader),
        tables.transaction(isolation="repeatable_read", readonly=True),
    ):
        await tables.execute(projections_statement("enter_schema"), name)
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
            except NotFolded as error:  # The other logs are still compared.
                yield Unread(each, error)
        if organization_id is None:
            for difference in await find_unlogged(served, tables, list(positions)):
                yield difference
