"""`serve` can be stopped at any moment by any terminating signal, and leaves nothing running."""

import asyncio
import os
import pty
import signal
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import asyncpg
import pytest

from service.database.embedded import postgres as embedded
from service.database.embedded.postgres import folder_in
from service.database.embedded.process import processes
from tests.protocol.installation import Installation, free_port

pytestmark = [pytest.mark.slow, pytest.mark.process]
TIMEOUT_S = 90.0
STARTED: list[asyncio.subprocess.Process] = []
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"
SIGINT, SIGTERM = (signal.SIGINT, 130), (signal.SIGTERM, 143)
SIGHUP = (signal.SIGHUP, 129)


@pytest.fixture(autouse=True)
def ending_with_the_terminal() -> Iterator[None]:
    """Make SIGHUP end what the tests start, even if the tests run under nohup."""
    former = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, former)


@pytest.fixture
async def installation(tmp_path: Path) -> AsyncIterator[Installation]:
    """Give a data folder. Afterwards no Postgres runs on it."""
    made = Installation(tmp_path / "data", free_port())
    yield made
    for each in STARTED:
        if each.returncode is None:
            each.kill()
            await each.communicate()
    STARTED.clear()
    if processes(folder_in(made.data_dir)):
        await asyncio.to_thread(lambda: embedded.start(made.data_dir).stop())


async def start(installation: Installation, *arguments: str) -> asyncio.subprocess.Process:
    """Start a command for a test to interrupt. It ends with the test, whatever the test does."""
    process = await installation.start(*arguments)
    STARTED.append(process)
    return process


async def ended(process: asyncio.subprocess.Process) -> tuple[int | None, bytes]:
    """Return the exit code of a process and its standard error."""
    async with asyncio.timeout(TIMEOUT_S):
        _, err = await process.communicate()
    return process.returncode, err or b""


async def there(path: Path) -> None:
    """Wait until a file exists."""
    async with asyncio.timeout(TIMEOUT_S):
        while not path.exists():  # noqa: ASYNC110, ASYNC240 - another process makes it.
            await asyncio.sleep(0.002)


@pytest.mark.parametrize(
    ("stage", "number", "code"),
    [
        ("postgres.new", *SIGINT),
        ("postgres.new", *SIGTERM),
        ("postgres/server.log", *SIGHUP),
        ("postgres/postmaster.pid", *SIGTERM),
        ("master.key", *SIGINT),
    ],
)
async def test_a_first_start_is_interrupted_at_any_stage(
    installation: Installation, stage: str, number: signal.Signals, code: int
) -> None:
    process = await start(installation, "serve")
    await there(installation.data_dir / stage)
    process.send_signal(number)

    assert await ended(process) == (code, b"")
    assert processes(folder_in(installation.data_dir)) == []
    assert not (installation.data_dir / "postgres.new").exists()


async def test_a_migration_is_interrupted(installation: Installation) -> None:
    server = await asyncio.to_thread(embedded.start, installation.data_dir)
    owner = await asyncpg.connect(server.dsn)
    await owner.execute("SELECT pg_advisory_lock(23578, 2)")
    process = await start(installation, "serve")
    async with asyncio.timeout(TIMEOUT_S):
        while not await owner.fetchval(WAITING):  # noqa: ASYNC110 - of another process.
            await asyncio.sleep(0.02)
    process.send_signal(signal.SIGINT)

    assert await ended(process) == (130, b"")
    await owner.close()
    assert await asyncio.to_thread(server.stop)


@pytest.mark.parametrize(
    ("command", "number", "code"), [(("migrate",), *SIGINT), (("token", "list"), *SIGTERM)]
)
async def test_a_command_that_is_interrupted_leaves_no_server(
    installation: Installation, command: tuple[str, ...], number: signal.Signals, code: int
) -> None:
    await (await installation.serve()).end(signal.SIGTERM)
    log = folder_in(installation.data_dir) / "server.log"
    log.unlink()
    process = await start(installation, *command)
    await there(log)
    process.send_signal(number)

    assert (await ended(process))[0] == code
    assert processes(folder_in(installation.data_dir)) == []


async def test_a_service_that_is_ready_ends_well_with_its_terminal(
    installation: Installation,
) -> None:
    result = await (await installation.serve()).end(signal.SIGHUP)

    assert (result.code, result.err) == (0, "")
    assert "Stopped." in result.out


class UnderNohup(Installation):
    """Starts commands as nohup does: an event loop's own child would hear SIGHUP whatever we ignore."""

    async def start(self, *arguments: str, **environment: str) -> asyncio.subprocess.Process:
        """Start a command."""
        return await asyncio.create_subprocess_exec(
            *("sh", "-c", "trap '' HUP; exec \"$@\"", "sh"),
            *self.command(*arguments),
            cwd=self.checkout,
            env=self.environment(**environment),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )


async def test_the_end_of_a_terminal_does_not_end_a_service_under_nohup(
    installation: Installation,
) -> None:
    serving = await UnderNohup(installation.data_dir, installation.port).serve()
    serving.process.send_signal(signal.SIGHUP)
    token = await installation.token()

    assert (await serving.send("GET", "/Roles", token))[0] == 200
    assert (await serving.end(signal.SIGTERM)).code == 0


@contextmanager
def gone_reader() -> Iterator[int]:
    """Give a pipe whose reader has gone."""
    reader, writer = os.pipe()
    os.close(reader)
    yield writer
    os.close(writer)


@contextmanager
def stalled_reader() -> Iterator[int]:
    """Give a full pipe that nobody reads."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    try:
        while True:
            os.write(writer, b"x")
    except BlockingIOError:
        os.set_blocking(writer, True)
    yield writer
    os.close(reader)
    os.close(writer)


@contextmanager
def full_disk() -> Iterator[int]:
    """Give a file on a disk that is full."""
    writer = os.open("/dev/full", os.O_WRONLY)
    yield writer
    os.close(writer)


@contextmanager
def stalled_terminal() -> Iterator[int]:
    """Give a full terminal that nobody reads."""
    reader, writer = pty.openpty()
    os.set_blocking(writer, False)
    try:
        while True:
            os.write(writer, b"x" * 100)
    except BlockingIOError:
        os.set_blocking(writer, True)
    yield writer
    os.close(reader)
    os.close(writer)


@pytest.mark.parametrize(
    "stream", [gone_reader, stalled_reader, full_disk, stalled_terminal], ids=lambda f: f.__name__
)
async def test_a_service_stops_whatever_its_output_is(
    installation: Installation, stream: Callable[[], AbstractContextManager[int]]
) -> None:
    await (await installation.serve()).end(signal.SIGTERM)
    with stream() as output:
        process = await asyncio.create_subprocess_exec(
            *installation.command("serve"),
            env=installation.environment(SCIM_LEDGER_LOG_LEVEL="INFO"),
            cwd=installation.checkout,
            stdout=output,
            stderr=output,
        )
        await installation.ready()
        process.send_signal(signal.SIGTERM)
        code = (await ended(process))[0]

    assert code in {0, 143}  # 143 if the service was still waiting to print that it is ready.
    assert processes(folder_in(installation.data_dir)) == []


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
async def test_a_service_runs_with_closed_streams(installation: Installation, closed: str) -> None:
    line = f'exec "$@" {closed}'
    process = await asyncio.create_subprocess_exec(
        *("bash", "-c", line, "bash", *installation.command("serve")),
        env=installation.environment(),
        cwd=installation.checkout,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    await installation.ready()
    listed = await installation.run("token", "list")
    process.send_signal(signal.SIGTERM)

    assert (await ended(process))[0] == 0
    assert listed.out.startswith("There is no token yet")
