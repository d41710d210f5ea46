"""Many logs are compared before the port opens, and the event loop goes on meanwhile."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

import eventstore.slices
from eventstore.postgres.connection import Connection
from eventstore.postgres.pool import borrowed
from eventstore.proof.notes import NOTE_CHARACTERS_MAX, MalformedNote, read_note
from service.proof import watch
from service.proof.copies import outside_copy, webhook_of
from service.proof.outside_writer import OutsideWriter
from service.proof.verdicts import Verdicts
from service.proof.watch import Watch
from service.runtime import open_runtime
from tests.serving import make_tenant, settings
from tests.turns import another_task

LOGS = 9


async def test_the_loop_turns_between_the_logs(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Otherwise the transactions of followers stand still meanwhile, and Postgres ends them.
    monkeypatch.setattr(eventstore.slices, "SLICE_S", 0.0)
    chosen = settings(database_url)
    async with open_runtime(chosen, is_migrating=True) as runtime:
        for number in range(LOGS):
            await make_tenant(runtime, f"Organization {number}")
        copy, verdicts = outside_copy(chosen), Verdicts(runtime.stopped)
        writer = OutsideWriter(runtime.pool, copy, verdicts, webhook_of(chosen))
        compared = list[int]()

        class Counting(Watch):
            async def _compare(self, *arguments: Any) -> None:
                compared.append(turns.count)
                await super()._compare(*arguments)

        look = Counting(
            *(runtime.pool, copy, verdicts, runtime.heights), writer=writer, sealer=runtime.sealer
        ).look
        async with another_task() as turns:
            await look()

    assert len(set(compared)) == len(compared) == LOGS


async def test_no_connection_is_held_while_logs_are_compared(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, seen = 0, list[int]()

    @asynccontextmanager
    async def counting(pool: asyncpg.Pool, *, timeout_s: float) -> AsyncIterator[Connection]:
        nonlocal held
        async with borrowed(pool, timeout_s=timeout_s) as connection:
            held += 1
            yield connection
            held -= 1

    class Counting(Watch):
        async def _compare(self, *arguments: Any) -> None:
            seen.append(held)
            await super()._compare(*arguments)

    monkeypatch.setattr(watch, "borrowed", counting)
    chosen = settings(database_url)
    async with open_runtime(chosen, is_migrating=True) as runtime:
        await make_tenant(runtime, "Contoso")
        copy, verdicts = outside_copy(chosen), Verdicts(runtime.stopped)
        writer = OutsideWriter(runtime.pool, copy, verdicts, webhook_of(chosen))
        await Counting(
            *(runtime.pool, copy, verdicts, runtime.heights), writer=writer, sealer=runtime.sealer
        ).look()
    assert seen == [0]


def test_a_note_that_is_no_note_is_refused_each_time_it_is_read() -> None:
    for text in ("a\x01b\n", "a\tb\n", "no newline", "x" * NOTE_CHARACTERS_MAX + "\n\n"):
        for _ in range(2):
            with pytest.raises(MalformedNote):
                read_note(text)
