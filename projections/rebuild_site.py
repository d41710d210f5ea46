"""Where a projection is rebuilt: connections, the lock that keeps others out, and what is reported."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from eventstore.seal import Sealer
from projections.load import Connection
from projections.ownership import refuse_foreign
from projections.rebuild_worker import CONNECT_TIMEOUT_S, SESSION, Job, application_name
from projections.registry import Projection
from projections.statements import statement

LEFTOVERS_TIMEOUT_MS = 5_000
SHARD_EVENTS = 25_000  # What a killed worker loses at most, and the others wait for at the end.


class Busy(Exception):
    """A rebuild, rollback or verification of this projection runs already; wait for its end."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a step is, in events; `total` is 0 where it is not known."""

    step: str
    done: int = 0
    total: int = 0


Report = Callable[[Progress], None]


@dataclass(frozen=True)
class Site:
    """A projection in a database, and with how many processes to work on it."""

    dsn: str  # The owner's.
    master_key: bytes
    projection: Projection
    processes: int = 1
    data_dir: Path | None = None  # Of the server, if known.
    shard_events: int = SHARD_EVENTS  # In one transaction.

    @property
    def sealer(self) -> Sealer:
        """Return what opens the personal part of events."""
        return Sealer(self.master_key)

    @property
    def job(self) -> Job:
        """Return what the processes of a rebuild need to know."""
        return Job(self.dsn, self.master_key, self.projection.name, self.projection.next)


@dataclass(frozen=True, slots=True)
class Hands:
    """Two connections: one for tables, one for the log."""

    tables: Connection
    log: Connection


@asynccontextmanager
async def opened(site: Site, *, name: str) -> AsyncIterator[Connection]:
    """Give a connection of the owner's for the duration of the block, called by a name."""
    session = {**SESSION, "application_name": name}
    connection = await asyncpg.connect(site.dsn, timeout=CONNECT_TIMEOUT_S, server_settings=session)
    try:
        yield connection
    finally:
        connection.terminate()


@asynccontextmanager
async def at_work(site: Site, *, is_alone: bool) -> AsyncIterator[Hands]:
    """Give connections while nobody else changes the projection's schemas. Errors: Busy, NotOurs.

    `is_alone` keeps those out too who only look. The lock is a transaction's, which every pooler
    passes on, and ends with this process. Who is alone ends what a killed call has left running in
    Postgres: an index that is half made would stand in the way of the same one.
    """
    statement_name = "lock_rebuild" if is_alone else "share_rebuild"
    name = application_name(site.projection.name)
    async with opened(site, name=f"{name}: lock") as guard:
        await guard.execute("SET idle_in_transaction_session_timeout = 0")
        async with guard.transaction():
            if not await guard.fetchval(statement(statement_name), site.projection.name):
                raise Busy(Busy.__doc__)
            if is_alone:
                await guard.fetch(statement("end_leftovers"), name, LEFTOVERS_TIMEOUT_MS)
            async with opened(site, name=name) as tables, opened(site, name=name) as log:
                if is_alone:
                    await refuse_foreign(tables, site.projection)
                yield Hands(tables, log)
