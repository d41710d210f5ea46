"""Statements that several organizations share: what they ask at the same time goes out together, and each gets its answer.

A batch is of one organization, and costs a statement that reads and one that writes. When fifty organizations write at
once, most of their batches have one command, and the fixed cost of a statement and of a commit is most of the work.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import UUID

from eventstore.postgres.connection import Connection
from eventstore.postgres.outages import Outage, classify
from eventstore.postgres.pool import ConnectionCache, close_now
from eventstore.sealing.sealer import Sealer
from projections.directory.load import Holders, Names, find_user_names
from projections.directory.save import (
    append_and_save_users,
    append_and_save_users_of_many,
    document_size,
)

SIZE_MAX = 256  # Names, or events, of one statement.
# What fills a statement: its organization pays for it alone. Users with many values take long to index.
ALONE_MIN = 64  # Events.
ALONE_SIZE_MIN = 32_768  # Characters of documents; most users have a few thousand.
TIMEOUT_S = 19.0
# One organization is the cause, and nothing has happened: then each asks alone.
BLAMES_ONE = frozenset(
    {Outage.UNFIT, Outage.BUG, Outage.REFUSED, Outage.CONFLICT, Outage.INCOMPLETE_ROW}
)

Q = TypeVar("Q")
A = TypeVar("A")


class Item(NamedTuple, Generic[Q, A]):
    """What an organization asks, how large it is, and the future that waits for the answer."""

    organization_id: UUID
    question: Q
    size: int
    answer: asyncio.Future[A]


class Shared(Generic[Q, A]):
    """Asks for organizations: while one statement runs, the questions for the next one come together.

    Each organization asks one question at a time, since its batches follow each other.

    `ask_all` answers the questions of several organizations by one statement. If it fails because of one of
    them, each asks alone.
    """

    def __init__(
        self,
        connections: ConnectionCache,
        ask_all: Callable[[Connection, Mapping[UUID, Q]], Awaitable[Mapping[UUID, A]]],
    ) -> None:
        self._connections, self._ask_all = connections, ask_all
        self._waiting: list[Item[Q, A]] = []
        self._task: asyncio.Task[None] | None = None

    async def ask(self, organization_id: UUID, question: Q, size: int) -> A:
        """Return the answer. Errors: those of the statement and of a connection."""
        future: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        self._waiting.append(Item(organization_id, question, size, future))
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="shared statements")
        return await future

    async def ask_alone(self, organization_id: UUID, question: Q) -> A:
        """Return the answer to a question that fills a statement. Errors: as `ask`."""
        async with self._connections.connection(timeout_s=TIMEOUT_S) as connection:
            return (await self._ask(connection, {organization_id: question}))[organization_id]

    async def close(self) -> None:
        """Wait for the statements that run."""
        if self._task is not None:
            await self._task

    async def _run(self) -> None:
        items: list[Item[Q, A]] = []
        try:
            await asyncio.sleep(0)  # Who asks in the same turn of the loop shares the statement.
            while items := self._take():
                error = await self._answer(items)
                if error is not None and len(items) > 1 and classify(error) in BLAMES_ONE:
                    for each in items:
                        _fail([each], await self._answer([each]))
                else:
                    _fail(items, error)
        finally:
            self._task = None
            for each in (*items, *self._waiting):
                each.answer.cancel()  # Only if this task was ended: nobody may wait for ever.
            self._waiting = []

    async def _answer(self, items: list[Item[Q, A]]) -> Exception | None:
        """Ask for organizations, and answer them; return the error if that fails."""
        wanted = {each.organization_id: each.question for each in items}
        try:
            async with self._connections.connection(timeout_s=TIMEOUT_S) as connection:
                answers = await self._ask(connection, wanted)
            for each in items:
                if not each.answer.done():
                    each.answer.set_result(answers[each.organization_id])
        except Exception as error:  # noqa: BLE001 - whoever waits gets it.
            return error
        return None

    async def _ask(self, connection: Connection, wanted: Mapping[UUID, Q]) -> Mapping[UUID, A]:
        """Ask on a connection, and close it if its state is not known after an error."""
        try:
            return await self._ask_all(connection, wanted)
        except Exception as error:
            outage = classify(error)
            if outage.may_have_happened or outage is Outage.NONE:
                close_now(connection)
            raise

    def _take(self) -> list[Item[Q, A]]:
        """Take those who have waited longest, as many as one statement may answer. Who has left is left out."""
        waiting = [each for each in self._waiting if not each.answer.done()]
        count = size = 0
        for each in waiting:
            if count and size + each.size > SIZE_MAX:
                break
            count, size = count + 1, size + each.size
        self._waiting = waiting[count:]
        return waiting[:count]


def _fail(items: Iterable[Item[Q, A]], error: Exception | None) -> None:
    for each in items:
        if error is not None and not each.answer.done():
            each.answer.set_exception(error)


class Write(NamedTuple):
    """Where a log ends, and the columns of a batch of users, as append_and_save_users takes them."""

    tail: int
    columns: list[list[Any]]


class NotWritten(Exception):
    """Nothing of the organization was written: `why` is locked or taken."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class SharedStatements:
    """The shared statements of a process's lanes."""

    def __init__(self, connections: ConnectionCache, sealer: Sealer) -> None:
        self._sealer = sealer
        self._connections = connections
        self.names: Shared[Names, Holders] = Shared(connections, self._find_names)
        self.writes: Shared[Write, str] = Shared(connections, _write_all)

    async def find_names(self, organization_id: UUID, names: Names) -> Holders:
        """Return who holds or held names. Errors: as find_user_names."""
        size = len(names.user_names) + len(names.external_ids)
        return await self.names.ask(organization_id, names, size)

    async def write(self, organization_id: UUID, write: Write) -> None:
        """Append events and save users, and commit. Errors: as append_and_save_users, NotWritten."""
        events = len(write.columns[0])
        if events >= ALONE_MIN or document_size(write.columns) >= ALONE_SIZE_MIN:
            answer = await self.writes.ask_alone(organization_id, write)
        else:
            answer = await self.writes.ask(organization_id, write, events)
        if answer != WRITTEN:
            raise NotWritten(answer)

    async def close(self) -> None:
        """Wait for the statements that run."""
        await self.names.close()
        await self.writes.close()

    async def _find_names(
        self, connection: Connection, wanted: Mapping[UUID, Names]
    ) -> Mapping[UUID, Holders]:
        return await find_user_names(connection, wanted, self._sealer)


WRITTEN, TAKEN = "written", "taken"


async def _write_all(connection: Connection, writes: Mapping[UUID, Write]) -> Mapping[UUID, str]:
    if len(writes) == 1:
        [(organization_id, write)] = writes.items()
        await append_and_save_users(connection, organization_id, write.columns)
        return {organization_id: WRITTEN}
    tails = {organization_id: each.tail for organization_id, each in writes.items()}
    columns = [each.columns for each in writes.values()]
    return await append_and_save_users_of_many(connection, tails, columns)
