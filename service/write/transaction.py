"""The transaction of a batch, in one of two ways. Nothing is answered before the commit.

Optimistic: decide without a lock, and write everything in one statement, which is its own transaction. It succeeds
only if the log still ends where it was read, or where our last batch left it: nobody else has written in between.
A batch that only creates people is decided without looking for their names: usually nobody has them, and if somebody
has one, the statement writes nothing.

Locked: lock the log, decide, write, commit. This is for batches that touch more than users and losses of access, and
for logs that others write to as well.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import NamedTuple
from uuid import UUID

import asyncpg
import structlog

from eventstore.append import lock_log
from eventstore.postgres.connection import Connection
from eventstore.postgres.outages import Outage, classify
from eventstore.postgres.pool import close_now
from eventstore.read import read_tail
from eventstore.sealing.sealer import Sealer
from projections.directory.load import NO_NAMES, Holders, Names
from service.write.batch import Batch, Work, columns_of_batch, decide_batch, write_batch
from service.write.load_state import finding_names
from service.write.log_ends import LogEnd, LogEnds, end_of
from service.write.log_heights import LogHeights
from service.write.quota import Quotas
from service.write.shared import TAKEN, NotWritten, SharedStatements, Write

BEGIN_TIMEOUT_S = 6.0  # For Postgres's first answer.
ROLLBACK_TIMEOUT_S = 2.0
# Another writer was faster: it holds the lock, has moved the tail, or has taken a name.
OVERTAKEN = frozenset({Outage.LOCKED, Outage.CONFLICT, Outage.REFUSED})
# No other writer is the cause, but one command, or the one statement that writes everything.
NOT_OPTIMISTIC = frozenset({Outage.UNFIT, Outage.BUG})

log = structlog.get_logger()


class OutcomeUnknown(Exception):
    """The connection was lost at COMMIT: the batch may be committed or not."""


class Contended(Exception):
    """Nothing was written; the log must be locked first. `is_overtaken`: another writer was faster."""

    def __init__(self, *, is_overtaken: bool) -> None:
        super().__init__()
        self.is_overtaken = is_overtaken


class NamesUnread(Exception):
    """Nothing was written: somebody holds or held a name that nobody has looked for."""


class Unread:
    """Says of all names that nobody holds or held them, and remembers them."""

    names = NO_NAMES

    async def find(self, _organization_id: UUID, names: Names) -> Holders:
        """Return no holders."""
        self.names = names
        return Holders({}, {}, {}, is_known=True)


class Task(NamedTuple):
    """The work of one transaction."""

    organization_id: UUID
    works: Sequence[Work]
    sealer: Sealer
    log_ends: LogEnds
    heights: LogHeights
    quotas: Quotas
    shared: SharedStatements
    # By the loop's clock; if COMMIT is not answered by then, the outcome is unknown.
    commit_by_s: float
    on_large: Callable[[], None] = lambda: None  # Called if it is about very many people.


async def write_optimistic(
    connection: Connection, task: Task, *, reads_names: bool = True
) -> Batch:
    """Return a batch whose events are committed, if nobody else wrote in between.

    Errors: Contended, OutcomeUnknown, those of an outage, and those of a command that cannot be written; NamesUnread
    unless it reads names.
    """
    # The statements are on any connection: each sees what was committed before it.
    # Read the end first: the state that is loaded later must not be older than it.
    end = await _find_end(connection, task)
    tail = task.log_ends.clock.moved(end.tail(_now()))
    unread = Unread()
    decided = await decide_batch(
        connection,
        task.organization_id,
        tail,
        task.works,
        find_names=task.shared.find_names if reads_names else unread.find,
        quotas=task.quotas,
        read_timeout_s=BEGIN_TIMEOUT_S,
        is_locked=False,
    )
    if decided.has_holds:
        # Holds have tables of their own, which are not among those of the one statement.
        raise Contended(is_overtaken=False)
    if decided.events:
        columns = await columns_of_batch(connection, decided, task.sealer, unread.names)
        await _append_and_commit(task, Write(tail.position, columns), reads_names=reads_names)
        task.heights.note(task.organization_id, tail.position + len(decided.events))
    task.log_ends.remember(task.organization_id, end.after(tail, len(decided.events)))
    return decided


async def _find_end(connection: Connection, task: Task) -> LogEnd:
    end = task.log_ends.take(task.organization_id, _now())
    if end is not None:
        return end
    height = task.heights.of(task.organization_id)
    async with asyncio.timeout(BEGIN_TIMEOUT_S):
        tail = await read_tail(connection, task.organization_id)
    task.heights.refuse_lower(task.organization_id, height, tail.position)
    return end_of(tail, _now())


def _now() -> float:
    return asyncio.get_running_loop().time()


async def _append_and_commit(task: Task, write: Write, *, reads_names: bool) -> None:
    """Write and commit. Everything that can fail before the statement is sent has been done."""
    try:
        async with asyncio.timeout_at(task.commit_by_s):
            await task.shared.write(task.organization_id, write)
    except NotWritten as refused:
        if refused.why == TAKEN and not reads_names:
            raise NamesUnread from refused
        raise Contended(is_overtaken=True) from refused
    except Exception as error:
        outage = classify(error)
        if outage is Outage.REFUSED and not reads_names:
            raise NamesUnread from error
        if outage in OVERTAKEN:
            raise Contended(is_overtaken=True) from error
        if outage in NOT_OPTIMISTIC:
            log.warning("batch_refused_at_once", error=type(error).__name__)
            raise Contended(is_overtaken=False) from error
        if outage.may_have_happened or outage is Outage.NONE:
            raise OutcomeUnknown from error
        raise  # Nothing was committed.


async def write_locked(connection: Connection, task: Task) -> Batch:
    """Return a batch whose events are committed, decided under the log's lock.

    Errors: those of write_optimistic without Contended, and the refusals of the log and the directory.
    """
    task.log_ends.forget(task.organization_id)
    transaction = connection.transaction()
    async with asyncio.timeout(BEGIN_TIMEOUT_S):
        await transaction.start()
    try:
        height = task.heights.of(task.organization_id)
        locked = await lock_log(connection, task.organization_id)
        tail = task.log_ends.clock.moved(locked)
        task.heights.refuse_lower(task.organization_id, height, tail.position)
        decided = await decide_batch(
            connection,
            task.organization_id,
            tail,
            task.works,
            find_names=finding_names(connection, task.sealer),
            quotas=task.quotas,
            on_large=task.on_large,
        )
        await write_batch(connection, decided, task.sealer)
    except Exception as error:
        await _roll_back(connection, transaction, error)
        raise
    if decided.events:
        await _commit(connection, transaction, task.commit_by_s)
        task.heights.note(task.organization_id, tail.position + len(decided.events))
    else:
        await transaction.rollback()
    return decided


async def _roll_back(
    connection: Connection, transaction: asyncpg.transaction.Transaction, error: Exception
) -> None:
    """Release the log's lock; if Postgres does not answer, close the connection."""
    if isinstance(error, TimeoutError):
        return  # `borrowed` closes the connection when this error reaches it.
    try:
        async with asyncio.timeout(ROLLBACK_TIMEOUT_S):
            await transaction.rollback()
    except Exception:  # noqa: BLE001 - the first error is the one to report.
        close_now(connection)


async def _commit(
    connection: Connection, transaction: asyncpg.transaction.Transaction, commit_by_s: float
) -> None:
    try:
        async with asyncio.timeout_at(commit_by_s):
            await transaction.commit()
    except Exception as error:
        close_now(connection)
        raise OutcomeUnknown from error
