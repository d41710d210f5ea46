"""Writes to Postgres without a service: the limits that the service is measured against.

`python -m tests.benchmarks.raw DSN` answers orders by these names:
  rows    the rows of POST /Users (event, key, directory row), in batches, into tables like ours
  commit  the same, one user to a transaction: BEGIN, two INSERTs, COMMIT
  append  `eventstore.append` in batches, into one organization's log: what the log itself can do
The tables of `rows` and `commit` have our columns and indexes, and neither triggers nor the lock.
"""

import os
import re
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from time import perf_counter
from uuid import UUID

import asyncpg
import orjson
import uvloop

from eventstore.append import append, lock_log
from eventstore.events import NewEvent, Provenance, RecordedEvent
from eventstore.postgres.statements import statements_in
from eventstore.sealing.sealer import Sealer
from projections.directory.rows import user_row
from projections.directory.save import columns_of_users
from projections.directory.tables import UserRow
from schema.events import user as users
from schema.events.codec import Encoded, encode
from schema.events.event import Place
from schema.scim.definitions import USER
from service.ids import new_id
from tests.benchmarks.bodies import external_id, user_name
from tests.benchmarks.events import provisioned
from tests.benchmarks.orders import measurement

SEALED_OVERHEAD_BYTES = 28  # Nonce and tag.
WRAPPED_KEY = os.urandom(60)  # As long as a wrapped key is.
LIKE_OURS = """
    CREATE SCHEMA IF NOT EXISTS bench;
    CREATE TABLE IF NOT EXISTS bench.events (LIKE eventstore.events INCLUDING ALL);
    CREATE TABLE IF NOT EXISTS bench.subject_keys (LIKE eventstore.subject_keys INCLUDING ALL);
    CREATE TABLE IF NOT EXISTS bench.logs (LIKE proof.logs INCLUDING ALL);
    CREATE TABLE IF NOT EXISTS bench.users (LIKE directory.users INCLUDING ALL);
"""
OURS = re.compile(r"\b(?:eventstore|proof|directory)\.")
INSERT = re.compile(r"INSERT INTO .*?(?=\s+WHERE coalesce\b)", re.DOTALL)
APPEND = "SELECT pg_get_functiondef('eventstore.append_events'::regproc)"
Batch = Callable[[int], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class RawOrder:
    """One measurement: what to write, how many users to a transaction, for how long."""

    work: str
    batch: int
    seconds: float


class Rows:
    """Makes the rows of POST /Users: those of one user, with what must differ made to differ."""

    def __init__(self) -> None:
        role_id, at = new_id(), datetime.now(UTC)
        self.organization_id, self._numbers, self._at = new_id(), count(1), at
        event = provisioned(1, role_id)
        self._encoded = encode(event)
        user = users.evolve(None, event, Place(new_id(), 1, 1, at, "scim"))
        self._row = user_row(user, USER)
        assert self._encoded.personal
        self._sealed = os.urandom(len(self._encoded.personal) + SEALED_OVERHEAD_BYTES)

    def make(self, size: int) -> tuple[list[RecordedEvent], list[UserRow]]:
        """Return the events and the directory rows of new users."""
        pairs = [self._pair(next(self._numbers)) for _ in range(size)]
        return [event for event, _ in pairs], [row for _, row in pairs]

    def _pair(self, n: int) -> tuple[RecordedEvent, UserRow]:
        stream_id = new_id()
        event = RecordedEvent(
            self.organization_id, n, stream_id, 1, new_id(), self._encoded.type, 1, self._at,
            "actor", None, new_id(), "scim", self._encoded.data, self._sealed, stream_id,
        )  # fmt: skip
        row = self._row._replace(
            id=stream_id,
            user_name_key=user_name(n),
            external_id=external_id(n),
            employee_number_key=f"{n:010d}",
            email_keys=[user_name(n)],
        )
        return event, row


def like_ours(text: str) -> str:
    """Return SQL of ours on the tables without triggers."""
    return OURS.sub("bench.", text)


def without_conflicts(text: str) -> str:
    """Return the INSERT of a statement that looks for conflicts, without that."""
    found = INSERT.search(text)
    assert found
    return found[0]


def inserting(connection: asyncpg.Connection, rows: Rows) -> Batch:
    """Return what inserts the rows of some users in one transaction."""
    append_events = like_ours(statements_in("eventstore")("append_events"))
    save_users = without_conflicts(like_ours(statements_in("projections.directory")("save_users")))

    async def insert(size: int) -> None:
        events, directory = rows.make(size)
        _, *columns = [list(column) for column in zip(*events, strict=True)]
        marks, subjects, keys = [None] * size, columns[1], [WRAPPED_KEY] * size
        async with connection.transaction():
            await connection.execute(
                append_events, rows.organization_id, *columns, marks, subjects, keys
            )
            await connection.execute(save_users, rows.organization_id, *columns_of_users(directory))

    return insert


def appending(connection: asyncpg.Connection) -> Batch:
    """Return what appends the first events of some users to one log in one transaction."""
    organization_id, sealer = new_id(), Sealer(os.urandom(32))
    encoded = encode(provisioned(1, new_id()))

    async def add(size: int) -> None:
        events = [first_event(encoded, new_id()) for _ in range(size)]
        async with connection.transaction():
            tail = await lock_log(connection, organization_id)
            await append(connection, organization_id, tail, events, sealer)

    return add


def first_event(encoded: Encoded, stream_id: UUID) -> NewEvent:
    """Return the first event of a stream."""
    return NewEvent(
        stream_id=stream_id,
        version=1,
        event_id=new_id(),
        type=encoded.type,
        schema_version=encoded.schema_version,
        data=encoded.data,
        personal=encoded.personal,
        subject_id=stream_id,
        provenance=Provenance("actor", None, new_id(), "scim"),
    )


async def measure(batch: Batch, order: RawOrder) -> dict[str, object]:
    """Return what an order comes to; latencies are of whole transactions, the rate of users."""
    await batch(order.batch)
    latencies_s, begin = [], perf_counter()
    while (started := perf_counter()) - begin < order.seconds:
        await batch(order.batch)
        latencies_s.append(perf_counter() - started)
    each = measurement(latencies_s, perf_counter() - begin)
    return {
        "count": each.count * order.batch,
        "rate": each.rate * order.batch,
        "p50_ms": each.p50_ms,
        "p99_ms": each.p99_ms,
    }


async def answer_orders() -> None:
    """Answer orders until the input ends."""
    connection = await asyncpg.connect(sys.argv[1])
    await connection.execute(LIKE_OURS)
    await connection.execute(like_ours(await connection.fetchval(APPEND)))
    insert = inserting(connection, Rows())
    works = {"rows": insert, "commit": insert, "append": appending(connection)}
    for line in sys.stdin.buffer:
        order = RawOrder(**orjson.loads(line))
        sys.stdout.buffer.write(orjson.dumps(await measure(works[order.work], order)) + b"\n")
        sys.stdout.buffer.flush()
    await connection.close()


def main() -> None:
    """Run."""
    uvloop.run(answer_orders())


if __name__ == "__main__":
    main()
