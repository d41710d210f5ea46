"""Open the connections of a rebuild or a comparison, lock others out, and define progress reports."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from eventstore.postgres.connection import Connection
from eventstore.postgres.session import connect
from eventstore.postgres.statements import statements_in
from projections.maintenance.context import (
    CONNECT_TIMEOUT_S,
    SESSION,
    RebuildContext,
    application_name,
)
from projections.maintenance.ownership import refuse_foreign

statement = statements_in(__package__)


LEFTOVERS_TIMEOUT_MS = 5_000


class Busy(Exception):
    """A rebuild, rollback or verification of this projection runs already. Wait until it ends."""


@dataclass(frozen=True, slots=True)
class Progress:
    """The progress of a step, in events. `total` is 0 if it is unknown."""

    step: str
    done: int = 0
    total: int = 0


Report = Callable[[Progress], None]


def counting(report: Report, step: str, total: int) -> Callable[[int], None]:
    """Return what is called with each further number of things done, and reports all so far, at most `total`."""
    done = 0

    def count(some: int) -> None:
        nonlocal done
        done += some
        report(Progress(step, min(done, total), total))

    return count


@asynccontextmanager
async def opened(context: RebuildContext, *, name: str) -> AsyncIterator[Connection]:
    """Give a connection for the duration of the block, with a name."""
    session = {**SESSION, "application_name": name}
    connection = await connect(context.dsn, timeout_s=CONNECT_TIMEOUT_S, server_settings=session)
    try:
        yield connection
    finally:
        connection.terminate()


@asynccontextmanager
async def at_work(
    context: RebuildContext, *, is_alone: bool
) -> AsyncIterator[tuple[Connection, Connection]]:
    """Give two connections, one for tables and one for the log, while nobody else changes the schemas.

    `is_alone` also keeps readers of the schemas out, such as a verification. It then ends what a killed call
    left running in Postgres, because a half-built index would block the same index. The lock belongs to a
    transaction: this works with every pooler, and the lock ends with this process.
    Errors: Busy, NotOurs.
    """
    statement_name = "lock_rebuild" if is_alone else "share_rebuild"
    name = application_name(context.projection.name)
    async with opened(context, name=f"{name}: lock") as guard, guard.transaction():
        if not await guard.fetchval(statement(statement_name), context.projection.name):
            raise Busy(Busy.__doc__)
        if is_alone:
            await guard.fetch(statement("end_leftovers"), name, LEFTOVERS_TIMEOUT_MS)
        async with opened(context, name=name) as tables, opened(context, name=name) as log:
            if is_alone:
                await refuse_foreign(tables, context.projection)
            yield tables, log
