"""Many rows are written, opened and signed in slices: others use the event loop meanwhile."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

import eventstore.slices
from eventstore.append import lock_log, marks_of, prepare
from eventstore.postgres.copying import copy_rows
from eventstore.sealing.events import open_personal
from tests.database.events import ORGANIZATION, SEALER, append_events, new_event
from tests.turns import another_task

MANY = 200


@pytest.fixture(autouse=True)
def tiny_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a slice end with each value."""
    monkeypatch.setattr(eventstore.slices, "SLICE_S", 0.0)


async def test_rows_are_copied_in_slices(connection: asyncpg.Connection) -> None:
    await connection.execute("CREATE TEMPORARY TABLE numbers (owner int, number int, half int)")
    async with another_task() as turns:
        seen = list[int]()

        def rows() -> Iterator[tuple[Any, ...]]:
            for number in range(MANY):
                seen.append(turns.count)
                yield number, None

        await copy_rows(connection, "numbers", ("owner", "number", "half"), rows(), prefix=(7,))
    assert len(set(seen)) == MANY
    found = await connection.fetchrow("SELECT count(*), sum(number), min(owner) FROM numbers")
    assert tuple(found) == (MANY, sum(range(MANY)), 7)


async def test_events_are_sealed_marked_and_opened_in_slices(
    connection: asyncpg.Connection,
) -> None:
    events = [new_event(stream_id=uuid4(), personal=b"{}") for _ in range(MANY)]
    async with connection.transaction(), another_task() as turns:
        tail = await lock_log(connection, ORGANIZATION)
        before = turns.count
        recorded, _ = await prepare(connection, ORGANIZATION, tail, events, SEALER)
        assert turns.count - before >= 2 * MANY
        before = turns.count
        assert None not in await marks_of(recorded, b"key")
        assert turns.count - before >= MANY - 1
    stored = await append_events(connection, *events)
    async with another_task() as turns:
        assert await open_personal(connection, SEALER, stored) == [b"{}"] * MANY
        assert turns.count >= 2 * MANY
