"""The shell around decisions: batch → load → decide → append and project → commit.

Each organization has a lane. Commands that arrive while a batch is in flight form the next batch. So all
waiting commands share a commit, and a command in an idle service waits for nobody. Nothing is answered
before its commit. A refused command fails alone. If a batch fails for another reason, its commands are
tried one by one: one poisoned command must not fail its neighbors. A batch whose COMMIT was sent is never
tried again, because it may have been committed.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg
import structlog

from eventstore.errors import KeyRetired, LogHeld, WrongExpectedVersion
from eventstore.events import Provenance
from eventstore.postgres.outages import Outage, classify
from eventstore.postgres.pool import ConnectionCache, OnDemand
from eventstore.sealing.sealer import Sealer
from projections.directory.save import NameTaken
from schema.scim.budget import Budget, Spending
from schema.scim.errors import ScimError, Unavailable, Uniqueness
from service.callers.caller import Caller
from service.callers.stopped_logs import held, stopped
from service.clock import Clock
from service.limits.garbage import Pause
from service.limits.offload import offload
from service.metrics.writes import APPEND, BATCH
from service.traces import named
from service.tracing.spans import Spans
from service.unavailable import unavailable
from service.write.batch import Batch, Outcome, Work, are_new, can_be_optimistic
from service.write.commands import ChangeRoleGroups, Command, GroupCommand
from service.write.log_ends import LogEnds
from service.write.log_heights import LogHeights, LogShrunk
from service.write.quota import Quotas
from service.write.shared import SharedStatements
from service.write.transaction import (
    Contended,
    NamesUnread,
    OutcomeUnknown,
    Task,
    write_locked,
    write_optimistic,
)
from service.write.unknown_events import refusal_of

BATCH_MAX = 256  # Commands in one transaction.
TURNS = 3  # Of the event loop, before a batch begins: a request is read, authenticated and submitted in so many.
WAIT_TIMEOUT_S = 8.0  # For a command's batch to begin.
BATCH_TIMEOUT_S = 25.0  # For a connection and a whole transaction.
# For the answer to COMMIT, from when the connection is there. It is shorter than BATCH_TIMEOUT_S, because a timeout of
# the whole batch could not know whether COMMIT was sent. It is shorter than Postgres's statement_timeout, too: one that
# ends a COMMIT which waits for a synchronous standby reports it as done (service/database/pool.py).
COMMIT_TIMEOUT_S = 19.0
# More for changes of groups: a role group of 100,000 gives as many people another role, and a database that does much
# else takes minutes for it. If it were given up and sent again, it would never be done.
LONGER_S = 275.0
CONTENDED_S = 1.0  # For so long the log is locked first after somebody else wrote to it: they are likely to write again.
TAKEN_S = 1.0  # For so long names are read first after one was taken: a client that repeats itself does so again.
NAMES = {  # Attributes, by the constraint that keeps them unique.
    "users_one_per_user_name": "userName",
    "groups_one_per_display_name": "displayName",
}

log = structlog.get_logger()


@dataclass(slots=True)
class Pending:
    """A command that waits for its batch, and the future that its caller awaits."""

    work: Work
    answer: asyncio.Future[Outcome]
    since_s: float  # By the loop's clock.
    request: Any = None  # What names the span of the request, where traces are made.


@dataclass(slots=True)
class Lane:
    """The commands of one organization in the order of their arrival."""

    organization_id: UUID
    waiting: deque[Pending] = field(default_factory=deque)
    task: asyncio.Task[None] | None = None


class Lanes:
    """All lanes of a process. Organizations run in parallel; within one, batches follow each other.

    `waiting_max` bounds the commands that wait in one lane: beyond it a command is refused with
    Unavailable, since an answer after a minute is useless to a provisioning client.
    `events_per_day` is the quota of organizations that have no other.
    `on_commit` is called with each organization whose log has grown; it must not block.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        sealer: Sealer,
        *,
        waiting_max: int = 1_000,
        events_per_day: int | None = None,
        on_commit: Callable[[UUID], None] | None = None,
        heights: LogHeights | None = None,
        clock: Clock | None = None,
        spans: Spans | None = None,
    ) -> None:
        self._spans = spans
        self._connections = ConnectionCache(pool)
        self._shared = SharedStatements(self._connections, sealer)
        self._on_commit = on_commit
        self._sealer = sealer
        self._waiting_max = waiting_max
        self._lanes: dict[UUID, Lane] = {}
        self._log_ends = LogEnds(clock)
        self._heights = heights or LogHeights()
        self._quotas = Quotas(events_per_day)
        # Organization → until when its log is locked first (the loop's clock).
        self._contended: dict[UUID, float] = {}
        # Organization → until when names are read first (the loop's clock).
        self._taken: dict[UUID, float] = {}
        self._is_closed = False
        self._letting_go: set[asyncio.Task[None]] = set()

    async def submit(
        self,
        command: Command,
        caller: Caller,
        provenance: Provenance,
        *,
        is_long: bool = False,
        budget: Budget | None = None,
    ) -> Outcome:
        """Carry out a command; return when its events are committed, or when it changed nothing.

        `is_long` says that the decision may take long; `budget` is shared by the commands of one request.
        Errors: a ScimError if the command is refused; Unavailable if the lane is full, the service
        stops, or Postgres cannot be reached.
        """
        organization_id = caller.organization.id
        lane = self._lanes.get(organization_id)
        if lane is None:
            lane = self._lanes[organization_id] = Lane(organization_id)
        if self._is_closed or len(lane.waiting) >= self._waiting_max:
            raise _busy()
        loop = asyncio.get_running_loop()
        spending = Spending(budget or Budget())
        work = Work(command, caller, provenance, is_long, spending)
        request = self._spans.current() if self._spans else None
        pending = Pending(work, loop.create_future(), loop.time(), request)
        lane.waiting.append(pending)
        if lane.task is None:
            lane.task = asyncio.create_task(self._run(lane), name=f"lane {organization_id}")
        # If the client leaves, only this future is cancelled: its command goes on.
        answer = pending.answer
        # A refusal has this frame in its traceback: see ScimError.without_origin.
        del pending, work
        try:
            return await answer
        finally:
            del answer

    async def close(self) -> None:
        """Refuse new commands and finish the waiting ones."""
        self._is_closed = True
        tasks = [lane.task for lane in self._lanes.values() if lane.task]
        await asyncio.gather(*tasks)
        await asyncio.gather(*self._letting_go)
        await self._shared.close()
        await self._connections.close()

    async def _run(self, lane: Lane) -> None:
        """Run batches until no command waits; then remove the lane, since an idle lane would cost memory."""
        batch: list[Pending] = []
        try:
            while lane.waiting:
                await _let_come()
                if batch := _next_batch(lane):
                    BATCH.observe(len(batch))
                    with self._span_of(lane, batch):
                        await self._run_batch(lane, batch)
        finally:
            # However this ends, no caller may wait forever.
            self._lanes.pop(lane.organization_id, None)
            _fail([*batch, *lane.waiting], Unavailable("The service stops: try again."))
            lane.waiting.clear()

    def _span_of(self, lane: Lane, batch: list[Pending]) -> AbstractContextManager[None]:
        """Return what makes a span of a batch, where traces are made."""
        if self._spans is None:
            return nullcontext()
        return self._spans.batch(lane.organization_id, [each.request for each in batch])

    @property
    def waiting(self) -> tuple[int, int]:
        """Return how many commands wait: in the longest lane, and in all."""
        lengths = [len(lane.waiting) for lane in self._lanes.values()]
        return max(lengths, default=0), sum(lengths)

    async def _run_batch(
        self, lane: Lane, batch: list[Pending], *, is_last_try: bool = False
    ) -> None:
        try:
            # The events are committed as soon as there is an answer.
            has_events = await self._transact_and_let_go(lane, batch)
        except OutcomeUnknown as error:
            log.warning("commit_reply_lost", organization_id=str(lane.organization_id))
            _fail(batch, Unavailable("The outcome is unknown: send the request again."), error)
        except Exception as error:  # noqa: BLE001 - whatever it is, the waiting callers are answered.
            if refusal := _refusal(error, batch):
                _fail(batch, refusal, error)
            elif is_last_try:
                _fail(batch, await self._refusal_of_one(lane.organization_id, error), error)
            else:
                log.warning("batch_failed", error=named(error), commands=len(batch))
                await self._run_one_by_one(lane, batch)
        else:
            if has_events and self._on_commit:
                self._on_commit(lane.organization_id)

    async def _transact_and_let_go(self, lane: Lane, batch: list[Pending]) -> bool:
        """Carry out a batch and answer its commands; return whether it has events.

        The next batch does not wait until a large one has let go of its objects.
        """
        pause = Pause()
        try:
            with APPEND.time():
                decided = await self._transact(lane, batch, on_large=pause.begin)
        except BaseException:
            pause.end()
            raise
        has_events = bool(decided.events)
        if pause.has_begun:
            task = asyncio.create_task(_let_go(decided, pause), name="let go of a large batch")
            self._letting_go.add(task)
            task.add_done_callback(self._letting_go.discard)
        return has_events

    async def _refusal_of_one(self, organization_id: UUID, error: Exception) -> Exception:
        """Return the error that the caller of a failed command gets."""
        if isinstance(error, NameTaken):
            taken = Uniqueness(
                "Another resource has taken this name in the meantime; match it first."
            )
            taken.attribute = NAMES.get(error.constraint)
            return taken
        if classify(error) is Outage.CONFLICT:
            return Unavailable(
                "The resource was changed at the same moment; send the request again."
            )
        if not isinstance(error, WrongExpectedVersion):
            return error
        # It was decided under the log's lock: nobody else has written in between.
        try:
            async with self._connections.connection(timeout_s=BATCH_TIMEOUT_S) as connection:
                refusal = await refusal_of(connection, organization_id, error)
        except Exception as failure:
            if classify(failure) is Outage.NONE:
                raise
            log.warning("postgres_unavailable", error=repr(failure), commands=1)
            return unavailable(classify(failure))
        log.error("log_goes_beyond", organization_id=str(organization_id), detail=refusal.detail)
        return refusal

    async def _run_one_by_one(self, lane: Lane, batch: list[Pending]) -> None:
        for pending in batch:
            if not _is_refused_as_late(pending):
                await self._run_batch(lane, [pending], is_last_try=True)

    async def _transact(
        self, lane: Lane, batch: list[Pending], *, on_large: Callable[[], None]
    ) -> Batch:
        """Return a batch whose events are committed and whose commands are answered."""
        organization_id = lane.organization_id
        works, now_s = [pending.work for pending in batch], asyncio.get_running_loop().time()
        more_s = LONGER_S if _may_be_large(batch) else 0.0
        commit_by_s = now_s + COMMIT_TIMEOUT_S + more_s
        task = Task(
            organization_id,
            works,
            self._sealer,
            self._log_ends,
            self._heights,
            self._quotas,
            self._shared,
            commit_by_s,
            on_large,
        )
        if self._contended.get(organization_id, 0.0) <= now_s and can_be_optimistic(works):
            self._contended.pop(organization_id, None)
            try:
                decided = await self._write_optimistic(task, now_s)
            except Contended as refused:
                if refused.is_overtaken:
                    self._contended[organization_id] = now_s + CONTENDED_S
            else:
                _answer_batch(lane, batch, decided)
                return decided
        async with self._connections.connection(timeout_s=BATCH_TIMEOUT_S + more_s) as connection:
            decided = await write_locked(connection, task)
            # The events are committed, whatever happens to the connection now.
            _answer_batch(lane, batch, decided)
        return decided

    async def _write_optimistic(self, task: Task, now_s: float) -> Batch:
        """Return a batch that was written without a lock. Errors: those of write_optimistic but NamesUnread."""
        on_demand: Any = OnDemand(self._connections, BATCH_TIMEOUT_S)
        organization_id = task.organization_id
        if self._taken.get(organization_id, 0.0) <= now_s and are_new(task.works):
            self._taken.pop(organization_id, None)
            try:
                return await write_optimistic(on_demand, task, reads_names=False)
            except NamesUnread:
                self._taken[organization_id] = now_s + TAKEN_S
        return await write_optimistic(on_demand, task)


async def _let_go(decided: Batch, pause: Pause) -> None:
    try:
        await offload(decided.let_go, True)
    finally:
        pause.end()


async def _let_come() -> None:
    """Let the requests be read that have arrived. Clients answered in one batch usually send again together.

    A batch of one and then a batch of thirty cost a millisecond more than a batch of thirty-one.
    """
    for _ in range(TURNS):
        await asyncio.sleep(0)


def _next_batch(lane: Lane) -> list[Pending]:
    """Take the next commands out of a lane, without those that have waited too long."""
    batch: list[Pending] = []
    while lane.waiting and len(batch) < BATCH_MAX:
        pending = lane.waiting.popleft()
        if not _is_refused_as_late(pending):
            batch.append(pending)
    return batch


def _is_refused_as_late(pending: Pending) -> bool:
    """Refuse a command that has waited too long, before its client gives up; return whether it was refused."""
    if asyncio.get_running_loop().time() - pending.since_s < WAIT_TIMEOUT_S:
        return False
    _answer(pending, _busy())
    return True


def _may_be_large(batch: Sequence[Pending]) -> bool:
    """Return whether a batch may change very many rows."""
    return any(isinstance(each.work.command, GroupCommand | ChangeRoleGroups) for each in batch)


def _busy() -> Unavailable:
    return Unavailable("The service is busy; send the request again in a second.")


def _refusal(error: Exception, batch: Sequence[Pending]) -> Exception | None:
    """Return the error for all callers of a failed batch; None if one command may have poisoned it."""
    outage, commands = classify(error), len(batch)
    if isinstance(error, KeyRetired):
        log.error("master_key_retired_meanwhile", commands=commands)
        return Unavailable("The keys of the service are being rotated; send the request again.")
    if isinstance(error, LogHeld):
        return held()
    if isinstance(error, LogShrunk):
        log.error("log_shrunk", error=str(error), commands=commands)
        return stopped("restored")
    if outage is Outage.OTHER_RELEASE or (outage is Outage.INCOMPLETE_ROW and commands == 1):
        log.error("tables_of_another_release", error=repr(error), commands=commands)
        return unavailable(outage)
    if outage.blames_nobody and outage is not Outage.CONFLICT:
        log.warning("postgres_unavailable", error=repr(error), commands=commands)
        return unavailable(outage)
    return None


def _fail(batch: Iterable[Pending], refusal: Exception, cause: Exception | None = None) -> None:
    if cause is not refusal:
        refusal.__cause__ = cause
    for pending in batch:
        _answer(pending, refusal)


def _answer_batch(lane: Lane, batch: Sequence[Pending], decided: Batch) -> None:
    """Answer the commands of a batch. One that has cost much ends early: its rest begins the next batch."""
    _answer_all(batch, decided.answers)
    lane.waiting.extendleft(reversed(batch[len(decided.answers) :]))


def _answer_all(batch: Sequence[Pending], answers: Sequence[Outcome | ScimError]) -> None:
    for pending, answer in zip(batch, answers, strict=False):  # A batch may end early.
        _answer(pending, answer)


def _answer(pending: Pending, answer: Outcome | Exception) -> None:
    if pending.answer.done():
        return
    if isinstance(answer, Exception):
        pending.answer.set_exception(answer)
    else:
        pending.answer.set_result(answer)
