"""The embedded PostgreSQL survives what happens to processes, and serves one data folder to many."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from service import embedded
from service.embedded_server import SOCKET, answering_dsn


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    """Give a data folder that nobody's server runs on afterwards."""
    yield tmp_path / "data"
    embedded.start(tmp_path / "data").stop()


def postmaster_in(data_dir: Path) -> int:
    """Return the process id of the folder's server."""
    text = (data_dir / "postgres" / "postmaster.pid").read_text(encoding="utf-8")
    return int(text.splitlines()[0])


def running_dsn(data_dir: Path) -> str | None:
    """Return the DSN of the server that runs on a data folder now, None when none answers."""
    return answering_dsn(embedded.folder_in(data_dir))


async def fetched(dsn: str, query: str) -> object:
    """Return the one value that the query gives."""
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def test_the_server_keeps_what_was_committed_through_two_kills(data_dir: Path) -> None:
    first = embedded.start(data_dir)
    await fetched(first.dsn, "CREATE TABLE kept AS SELECT 42 AS answer")
    os.kill(postmaster_in(data_dir), signal.SIGKILL)
    second = embedded.start(data_dir)
    os.kill(postmaster_in(data_dir), signal.SIGKILL)
    third = embedded.start(data_dir)
    answer = await fetched(third.dsn, "SELECT answer FROM kept")
    assert [answer, first.stop(), second.stop(), third.stop()] == [42, False, False, True]


def test_the_last_user_stops_the_server_that_all_share(data_dir: Path) -> None:
    first, second = embedded.start(data_dir), embedded.start(data_dir)
    assert [first.dsn, running_dsn(data_dir)] == [second.dsn, second.dsn]
    assert [first.stop(), second.stop(), running_dsn(data_dir)] == [False, True, None]


def test_the_server_of_a_killed_process_is_joined(data_dir: Path) -> None:
    dying = "import os, sys, pathlib; from service import embedded\n"
    dying += "embedded.start(pathlib.Path(sys.argv[1])); os.kill(os.getpid(), 9)"
    subprocess.run([sys.executable, "-c", dying, str(data_dir)], check=False)
    left = postmaster_in(data_dir)
    joined = embedded.start(data_dir)
    assert [postmaster_in(data_dir), joined.stop()] == [left, True]


def test_the_interrupt_key_does_not_reach_the_server(data_dir: Path) -> None:
    server = embedded.start(data_dir)
    assert os.getpgid(postmaster_in(data_dir)) != os.getpgid(0)
    server.stop()


def test_a_process_id_that_a_stranger_has_now_does_not_keep_the_server_down(data_dir: Path) -> None:
    embedded.start(data_dir).stop()
    folder = data_dir / "postgres"
    lines = [str(os.getpid()), str(folder), "1", "5432", str(folder), "", "0 0", "ready"]
    for name in ("postmaster.pid", f"{SOCKET}.lock"):
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    server = embedded.start(data_dir)
    assert [postmaster_in(data_dir) != os.getpid(), server.stop()] == [True, True]


def test_a_copy_of_the_folder_is_not_taken_for_the_running_original(data_dir: Path) -> None:
    server = embedded.start(data_dir)
    copy = data_dir.with_name("copy") / "postgres"
    copy.mkdir(parents=True)
    shutil.copy(data_dir / "postgres" / "postmaster.pid", copy)
    assert running_dsn(copy.parent) is None
    server.stop()


async def test_a_path_too_long_for_a_socket_will_do(tmp_path: Path) -> None:
    data_dir = tmp_path / ("long, and 'strange': " + "x" * 100)
    server = embedded.start(data_dir)
    served = await fetched(server.dsn, "SHOW data_directory")
    assert [served, server.stop()] == [str(data_dir / "postgres"), True]


async def test_the_block_of_running_has_a_server(data_dir: Path) -> None:
    async with embedded.running(data_dir) as postgres:
        fsync = await fetched(postgres.dsn, "SHOW fsync")
    assert [fsync, running_dsn(data_dir)] == ["on", None]
