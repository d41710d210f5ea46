"""The one shell around decisions: batch → lock → load → decide → append → project → commit.

Each organization has a lane. Commands that arrive while a batch is in flight form the next one, so
that a commit is shared by all who wait and costs an idle service no delay. Nothing is answered
before its commit. A refused command fails alone. If a batch fails for another reason, its commands
are tried one by one, so that one poisoned command cannot fail its neighbours.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import asyncpg
import structlog

from eventstore.errors import WrongExpectedVersion
from eventstore.events import Provenance
from eventstore.seal import Sealer
from projections.save import NameTaken
from schema.scim.errors import ScimError, Unavailable, Uniqueness
from service.batch import Outcome, Work, decide_batch, write_batch
from service.commands import Command
from service.decide.known import Caller

BATCH_MAX = 256  # Commands in one transaction.
ACQUIRE_TIMEOUT_S = 10.0  # For a connection of the pool.
BATCH_TIMEOUT_S = 30.0  # For a whole transaction; Postgres ends statements before that.
# Failures of the way to Postgres or of its capacity: no command is to blame, the client tries again.
OUTAGES = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.LockNotAvailableError,
    asyncpg.PostgresSystemError,
    asyncpg.ReadOnlySQLTransactionError,
)

log = structlog.get_logger()


class OutcomeUnknown(Exception):
    """The connection was lost at COMMIT: the batch may have happened or not."""


@dataclass(slots=True)
class Pending:
    """A command that waits for its batch, and the future that its caller awaits."""

    work: Work
    answer: asyncio.Future[Outcome]


@dataclass(slots=True)
class Lane:
    """The commands of one organization in the order of their arrival."""

    organization_id: UUID
    waiting: deque[Pending] = field(default_factory=deque)
    task: asyncio.Task[None] | None = None


class Lanes:
    """All lanes of a process. Organizations run in parallel; within one, batches follow each other.

    `waiting_max` bounds the commands that wait in one lane: beyond it a command is refused with
    Unavailable, since an answer after a minute is no answer to a provisioning client.
    `on_commit` is told of each organization whose log has grown; it must not wait.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        sealer: Sealer,
        *,
        waiting_max: int = 1_000,
        on_commit: Callable[[UUID], None] | None = None,
    ) -> None:
        self._pool = pool
        self._on_commit = on_commit
        self._sealer = sealer
        self._waiting_max = waiting_max
        self._lanes: dict[UUID, Lane] = {}
        self._is_closed = False

    async def submit(self, command: Command, caller: Caller, provenance: Provenance) -> Outcome:
        """Carry out a command; return when its events are committed, or when it changed nothing.

        Errors: a ScimError where it is refused; Unavailable where the queue is full, the service
        stops, or Postgres cannot be reached.
        """
        organization_id = caller.organization.id
        lane = self._lanes.setdefault(organization_id, Lane(organization_id))
        if self._is_closed or len(lane.waiting) >= self._waiting_max:
            raise Unavailable("The service is busy; send the request again in a second.")
        pending = Pending(
            Work(command, caller, provenance), asyncio.get_running_loop().create_future()
        )
        lane.waiting.append(pending)
        if lane.task is None:
            lane.task = asyncio.create_task(self._run(lane), name=f"lane {organization_id}")
        return await asyncio.shield(pending.answer)

    async def close(self) -> None:
        """Refuse new commands and finish those that wait."""
        self._is_closed = True
        tasks = [lane.task for lane in self._lanes.values() if lane.task]
        await asyncio.gather(*tasks)

    async def _run(self, lane: Lane) -> None:
        """Run batches until nobody waits; then the lane goes, so that idle ones cost nothing."""
        while lane.waiting:
            size = min(len(lane.waiting), BATCH_MAX)
            await self._run_batch(lane, [lane.waiting.popleft() for _ in range(size)])
        lane.task = None
        self._lanes.pop(lane.organization_id, None)

    async def _run_batch(self, lane: Lane, batch: list[Pending]) -> None:
        try:
            answers = await self._transact(lane, batch)
        except OutcomeUnknown as error:
            log.warning("commit_reply_lost", organization_id=str(lane.organization_id))
            _fail(batch, _outage("The outcome is unknown: send the request again."), error)
        except OUTAGES as error:
            log.warning("postgres_unavailable", error=repr(error), commands=len(batch))
            _fail(batch, _outage("The database cannot be reached: try again."), error)
        except Exception as error:  # noqa: BLE001 - one command may have poisoned the batch.
            await self._run_one_by_one(lane, batch, error)
        else:
            for pending, answer in zip(batch, answers, strict=True):
                _answer(pending, answer)

    async def _run_one_by_one(self, lane: Lane, batch: list[Pending], error: Exception) -> None:
        if len(batch) == 1:
            _answer(batch[0], _refusal(error))
            return
        log.warning("batch_failed", error=repr(error), commands=len(batch))
        for pending in batch:
            await self._run_batch(lane, [pending])

    async def _transact(self, lane: Lane, batch: list[Pending]) -> Sequence[Outcome | ScimError]:
        works = [pending.work for pending in batch]
        async with (
            asyncio.timeout(BATCH_TIMEOUT_S),
            self._pool.acquire(timeout=ACQUIRE_TIMEOUT_S) as connection,
        ):
            transaction = connection.transaction()
            await transaction.start()
            try:
                decided = await decide_batch(connection, lane.organization_id, works)
                await write_batch(connection, decided, self._sealer)
            except BaseException:
                if not connection.is_closed():
                    await transaction.rollback()
                raise
            if decided.events:
                await _commit(transaction)
                if self._on_commit:
                    self._on_commit(lane.organization_id)
            else:
                await transaction.rollback()
        return decided.answers


async def _commit(transaction: asyncpg.transaction.Transaction) -> None:
    try:
        await transaction.commit()
    except (
        OSError,
        TimeoutError,
        asyncpg.InterfaceError,
        asyncpg.PostgresConnectionError,
    ) as error:
        raise OutcomeUnknown from error


def _outage(detail: str) -> Unavailable:
    return Unavailable(detail)


def _refusal(error: Exception) -> Exception:
    """Return what the caller of a failed command is told."""
    if isinstance(error, NameTaken):
        return Uniqueness("Another resource has taken this name in the meantime; match it first.")
    if isinstance(error, WrongExpectedVersion):
        return Unavailable("The resource was changed at the same moment; send the request again.")
    return error


def _fail(batch: list[Pending], refusal: Exception, cause: Exception) -> None:
    refusal.__cause__ = cause
    for pending in batch:
        _answer(pending, refusal)


def _answer(pending: Pending, answer: Outcome | Exception) -> None:
    if pending.answer.done():
        return
    if isinstance(answer, Exception):
        pending.answer.set_exception(answer)
    else:
        pending.answer.set_result(answer)
