"""Where a projection is rebuilt: connections, the lock that keeps others out, and what is reported."""

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
    """A rebuild, rollback or verification of this projection runs already; wait for its end."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a step is, in events; `total` is 0 where it is not known."""

    step: str
    done: int = 0
    total: int = 0


Report = Callable[[Progress], None]


@asynccontextmanager
async def opened(context: RebuildContext, *, name: str) -> AsyncIterator[Connection]:
    """Give a connection of the owner's for the duration of the block, called by a name."""
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

    Errors: Busy, NotOurs.

    `is_alone` keeps those out too who only look. The lock is a transaction's, which every pooler
    passes on, and ends with this process. Who is alone ends what a killed call has left running in
    Postgres: an index that is half made would stand in the way of the same one.
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
