"""The embedded PostgreSQL survives what happens to processes, and serves one data folder to many."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import asyncpg
import pytest

from service.database.embedded import postgres as embedded
from service.database.embedded.postgres import EmbeddedPostgresError
from service.database.embedded.process import processes
from service.database.embedded.socket import SOCKET, answering_dsn


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
    dying = "import os, sys, pathlib; from service.database.embedded import postgres as embedded\n"
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


@pytest.mark.parametrize(
    "name",
    ["pay$day`touch pwned`$(touch pwned)", "a \"b\" 'c' back\\slash", "~", "-D Zoë 100%"],
)
async def test_a_path_is_taken_literally_by_every_program(tmp_path: Path, name: str) -> None:
    data_dir = tmp_path / name
    server = embedded.start(data_dir)
    served = await fetched(server.dsn, "SHOW data_directory")
    assert [served, server.stop()] == [str(data_dir / "postgres"), True]
    assert list(tmp_path.iterdir()) == [data_dir]  # noqa: ASYNC240 - a local folder.


@pytest.mark.parametrize("kind", ["long", "missing", "another's", "open to all", "odd"])
async def test_a_socket_finds_a_folder_whatever_tmpdir_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    given = tmp_path / {"long": "t" * 90, "odd": "t 'x'"}.get(kind, "t")
    if kind != "missing":
        given.mkdir(mode=0o777 if kind == "open to all" else 0o700)
        given.chmod(0o777 if kind == "open to all" else 0o700)
    if kind == "another's" and os.geteuid() == 0:
        os.chown(given, 12345, 12345)
    monkeypatch.setattr(tempfile, "tempdir", str(given))
    server = embedded.start(tmp_path / ("data" * 30))
    assert await fetched(server.dsn, "SELECT 42") == 42
    assert server.stop()


VARIABLES = {
    "PGSSLMODE": "verify-full",
    "PGHOST": "nowhere.invalid",
    "PGPORT": "1",
    "PGUSER": "nobody",
    "PGPASSWORD": "wrong",
    "PGDATABASE": "nothing",
    "PGPASSFILE": "/nowhere",
    "PGSERVICE": "nothing",
    "PGSERVICEFILE": "/nowhere",
    "PGOPTIONS": "-c nonsense=1",
    "PGDATA": "/nowhere",
    "PGSSLROOTCERT": "/nowhere",
    "PGSSLCERT": "/nowhere",
    "PGSSLNEGOTIATION": "direct",
    "PGTARGETSESSIONATTRS": "standby",
    "PGGSSLIB": "nothing",
    "PGKRBSRVNAME": "nobody",
    "PGCLIENTENCODING": "SQL_ASCII",
    "HOME": "/nowhere",
}


async def test_no_variable_of_libpq_reaches_the_embedded_server(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in VARIABLES.items():
        monkeypatch.setenv(name, value)
    async with embedded.running(data_dir) as postgres:
        assert await fetched(postgres.dsn, "SELECT current_user") == "postgres"


async def test_the_shared_memory_that_initdb_found_is_kept(data_dir: Path) -> None:
    embedded.start(data_dir).stop()
    conf = data_dir / "postgres" / "postgresql.conf"
    found = conf.read_text(encoding="utf-8")
    assert "dynamic_shared_memory_type = posix" in found
    conf.write_text(found.replace("= posix", "= mmap"), encoding="utf-8")
    for _ in range(2):  # Each start writes the file anew.
        server = embedded.start(data_dir)
        assert await fetched(server.dsn, "SHOW dynamic_shared_memory_type") == "mmap"
        server.stop()


def test_a_start_that_is_stopped_leaves_what_was_there(data_dir: Path) -> None:
    stop = Event()
    stop.set()
    with pytest.raises(EmbeddedPostgresError):
        embedded.start(data_dir, stop=stop)
    assert not list(data_dir.glob("postgres*/"))
    assert processes(data_dir / "postgres") == []
