"""The embedded PostgreSQL survives kills and crashes, and one data folder serves several processes."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from urllib.parse import parse_qs, urlsplit

import asyncpg
import pytest

from service.database.embedded import postgres as embedded
from service.database.embedded.account import account_for, programs
from service.database.embedded.postgres import EmbeddedPostgresError
from service.database.embedded.process import processes
from service.database.embedded.socket import SOCKET, answering_dsn

pytestmark = pytest.mark.process


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    """Give a data folder. Afterwards no server runs on it."""
    yield tmp_path / "data"
    embedded.start(tmp_path / "data").stop()


def postmaster_in(data_dir: Path) -> int:
    """Return the process id of the folder's server."""
    text = (data_dir / "postgres" / "postmaster.pid").read_text(encoding="utf-8")
    return int(text.splitlines()[0])


def running_dsn(data_dir: Path) -> str | None:
    """Return the DSN of the server that runs on a data folder now; None if none answers."""
    return answering_dsn(embedded.folder_in(data_dir))


async def fetched(dsn: str, query: str) -> object:
    """Return the single value of a query."""
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


def test_a_process_id_that_another_program_has_now_does_not_keep_the_server_down(
    data_dir: Path,
) -> None:
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


async def test_a_path_too_long_for_a_socket_works(tmp_path: Path) -> None:
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
    for _ in range(2):  # Each start writes the file again.
        server = embedded.start(data_dir)
        assert await fetched(server.dsn, "SHOW dynamic_shared_memory_type") == "mmap"
        server.stop()


def test_a_start_that_is_stopped_leaves_the_folder_as_it_was(data_dir: Path) -> None:
    stop = Event()
    stop.set()
    with pytest.raises(EmbeddedPostgresError):
        embedded.start(data_dir, stop=stop)
    assert not list(data_dir.glob("postgres*/"))
    assert processes(data_dir / "postgres") == []


IS_ROOT = os.geteuid() == 0
needs_root = pytest.mark.skipif(
    not IS_ROOT, reason="only root runs the server under another account"
)


def connecting(dsn: str, login: str, password: str = "") -> str:
    """Return what psql says as the account that the server runs under: 1, or why it may not connect."""
    host = parse_qs(urlsplit(dsn).query)["host"][0]
    account = account_for(Path(host))
    found = subprocess.run(
        [
            str(programs() / "psql"),
            *("-h", host, "-U", login, "-w", "-Atc", "SELECT 1", "postgres"),
        ],
        check=False,
        capture_output=True,
        text=True,
        cwd="/",
        env={"PGPASSWORD": password} if password else {},
        user=account.uid if IS_ROOT else None,
        group=account.gid if IS_ROOT else None,
        extra_groups=[] if IS_ROOT else None,
    )
    return found.stdout.strip() or found.stderr


async def test_only_who_knows_the_password_of_our_two_logins_connects(data_dir: Path) -> None:
    server = embedded.start(data_dir)
    await fetched(server.dsn, "SELECT 1")
    connection = await asyncpg.connect(server.dsn)
    await connection.execute(
        "CREATE ROLE scim_ledger_service; CREATE ROLE ours LOGIN PASSWORD 'x' IN ROLE scim_ledger_service;"
        "CREATE ROLE other LOGIN PASSWORD 'x'"
    )
    await connection.close()
    try:
        assert "no password supplied" in connecting(server.dsn, "postgres")
        assert "authentication failed" in connecting(server.dsn, "postgres", "unused")
        assert "no pg_hba.conf entry" in connecting(server.dsn, "other", "x")
        assert connecting(server.dsn, "ours", "x") == "1"
    finally:
        server.stop()
    modes = {each: (data_dir / each).stat().st_mode & 0o777 for each in PRIVATE}
    assert modes == dict.fromkeys(PRIVATE, 0o600)


PRIVATE = ("postgres.password", "postgres.lock", "postgres.users")


async def test_a_folder_of_a_release_without_passwords_gets_one(data_dir: Path) -> None:
    """Even if that release was killed, and its server still runs."""
    server = embedded.start(data_dir)
    await fetched(server.dsn, "CREATE TABLE kept AS SELECT 42 AS answer")
    (data_dir / "postgres" / "pg_hba.conf").write_text("local all all trust\n")
    await fetched(server.dsn, "SELECT pg_reload_conf()")
    (data_dir / "postgres.password").unlink()
    for each in ("postgres.lock", "postgres.users"):
        (data_dir / each).chmod(0o644)
    server.hold.close()  # As the kernel does for a process that was killed.

    later = embedded.start(data_dir)
    try:
        assert await fetched(later.dsn, "SELECT answer FROM kept") == 42
        assert "no password supplied" in connecting(later.dsn, "postgres")
        (data_dir / "postgres.password").rename(data_dir / "hidden")
        with pytest.raises(EmbeddedPostgresError, match="former release uses the PostgreSQL"):
            embedded.start(data_dir)
        (data_dir / "hidden").rename(data_dir / "postgres.password")
    finally:
        later.stop()
    modes = {each: (data_dir / each).stat().st_mode & 0o777 for each in PRIVATE}
    assert modes == dict.fromkeys(PRIVATE, 0o600)


@needs_root
@pytest.mark.parametrize("closed", ["parent", "parent/inner"])
def test_a_folder_that_the_server_cannot_enter_is_named_and_left_alone(
    tmp_path: Path, closed: str
) -> None:
    (tmp_path / "parent" / "inner").mkdir(parents=True)
    (tmp_path / closed).chmod(0o700)
    with pytest.raises(
        EmbeddedPostgresError, match=rf"nobody, .* cannot enter {tmp_path / closed}\."
    ):
        embedded.start(tmp_path / "parent" / "inner" / "data")
    assert (tmp_path / closed).stat().st_mode & 0o777 == 0o700
    assert not (tmp_path / "parent" / "inner" / "data").exists()


@needs_root
def test_a_data_folder_of_root_s_own_is_used_as_it_is_given(data_dir: Path) -> None:
    data_dir.mkdir(mode=0o700)
    server = embedded.start(data_dir)
    server.stop()
    assert data_dir.stat().st_mode & 0o777 == 0o701
