"""An embedded Postgres that dies is restarted under a running service. A full disk for the log stops nothing."""

import asyncio
import io
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from service.database.embedded import postgres as embedded
from service.database.embedded.postgres import EmbeddedPostgres
from service.database.embedded.watch import watched
from service.log import Sink

BACK_TIMEOUT_S = 30.0


@pytest.fixture
async def postgres(tmp_path: Path) -> AsyncIterator[EmbeddedPostgres]:
    """Give a watched server in a folder whose path is too long for its socket."""
    data_dir = tmp_path / ("long" * 30)
    async with embedded.running(data_dir) as server, watched(server):
        yield server


def first_process(server: EmbeddedPostgres) -> int:
    """Return the id of the server's first process, the postmaster."""
    text = (server.data_dir / "postgres" / "postmaster.pid").read_text(encoding="utf-8")
    return int(text.splitlines()[0])


async def kill(server: EmbeddedPostgres) -> None:
    """End the server by SIGKILL."""
    os.kill(first_process(server), signal.SIGKILL)
    await died(server)


async def died(server: EmbeddedPostgres) -> None:
    """Return once the server is gone."""
    async with asyncio.timeout(BACK_TIMEOUT_S):
        while server.is_alive:  # noqa: ASYNC110 - a process has no event to wait for.
            await asyncio.sleep(0.005)


async def answered(server: EmbeddedPostgres) -> int:
    """Return what the server answers on its old DSN, once it answers."""
    async with asyncio.timeout(BACK_TIMEOUT_S):
        while True:
            try:
                connection = await asyncpg.connect(server.dsn)
            except (OSError, asyncpg.PostgresError):
                await asyncio.sleep(0.02)
            else:
                found: int = await connection.fetchval("SELECT 42")
                await connection.close()
                return found


async def test_a_server_that_dies_again_and_again_comes_back_under_its_address(
    postgres: EmbeddedPostgres,
) -> None:
    await kill(postgres)
    first = await answered(postgres)
    await kill(postgres)
    assert [first, await answered(postgres)] == [42, 42]


async def test_a_server_that_loses_one_of_its_processes_is_started_again(
    postgres: EmbeddedPostgres,
) -> None:
    """PostgreSQL's own restart is off: if it dies again (disk full), PostgreSQL 18.4 waits for ever."""
    before = first_process(postgres)
    connection = await asyncpg.connect(postgres.dsn)
    os.kill(await connection.fetchval("SELECT pg_backend_pid()"), signal.SIGKILL)
    await died(postgres)
    connection.terminate()
    assert await answered(postgres) == 42
    assert first_process(postgres) != before


class FullDisk(io.StringIO):
    """A stream on a disk that is full."""

    def write(self, text: str) -> int:
        """Fail, as the operating system does."""
        raise OSError(28, f"No space left on device for {text!r}")

    def flush(self) -> None:
        """Fail as well."""
        raise OSError(28, "No space left on device")


def test_a_log_line_on_a_full_disk_fails_nothing() -> None:
    sink = Sink(FullDisk())
    sink.info("a line")
    sink.flush()
