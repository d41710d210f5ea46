"""The first start on a terminal shows a token; without a terminal, none is made."""

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from service.database.embedded import postgres as embedded
from tests.protocol.installation import Installation, free_port
from tests.protocol.screen import open_terminal

pytestmark = [pytest.mark.slow, pytest.mark.process]
TIMEOUT_S = 60.0


@pytest.fixture
async def installation(tmp_path: Path) -> AsyncIterator[Installation]:
    """Yield a data folder; no Postgres runs on it afterwards."""
    made = Installation(tmp_path / "data", free_port())
    yield made
    await asyncio.to_thread(lambda: embedded.start(made.data_dir).stop())


async def start_on_terminal(
    installation: Installation, *arguments: str, **environment: str
) -> tuple[asyncio.subprocess.Process, int]:
    """Start a process on its own terminal; return it and the descriptor to read from."""
    reader, writer = open_terminal()
    process = await asyncio.create_subprocess_exec(
        *installation.command(*arguments),
        cwd=installation.checkout,
        env=installation.environment(**environment),
        stdin=writer,
        stdout=writer,
        stderr=writer,
    )
    os.close(writer)
    return process, reader


async def read_until(reader: int, end: str) -> str:
    """Return the output of a terminal up to some text."""
    said = b""
    async with asyncio.timeout(TIMEOUT_S):
        while end.encode() not in said:
            said += await asyncio.to_thread(os.read, reader, 65_536)
    return said.decode()


async def test_a_terminal_gets_a_token_that_works_once(installation: Installation) -> None:
    process, reader = await start_on_terminal(installation, "serve")
    said = await read_until(reader, "Stop: Ctrl-C.")
    [token] = re.findall(r"Secret token  (\S+)", said)
    status = await installation.status("/Roles", token)
    listed = (await installation.run("token", "list", "--json")).json
    process.send_signal(signal.SIGINT)
    await read_until(reader, "Stopped.")

    assert (await process.wait(), status) == (0, 200)
    assert "renewed" not in said  # Nothing is, at a first start.
    assert [(each["label"], each["isValid"]) for each in listed] == [("first start", True)]


@pytest.mark.parametrize("plain", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
async def test_a_terminal_without_colors_gets_none(
    installation: Installation, plain: dict[str, str]
) -> None:
    shown = []
    for arguments in (("--help",), ("token", "issue", "--nonsense"), ("serve",)):
        environment = {"TERM": "xterm", "SCIM_LEDGER_LOG_LEVEL": "DEBUG", **plain}
        process, reader = await start_on_terminal(installation, *arguments, **environment)
        shown.append(await read_until(reader, {"serve": "Ctrl-C."}.get(arguments[0], "--help")))
        if arguments == ("serve",):
            process.send_signal(signal.SIGTERM)
            await read_until(reader, "Stopped.")
        await process.wait()
        os.close(reader)

    assert not any("\x1b" in each for each in shown)


async def test_a_service_records_its_address_for_the_commands(installation: Installation) -> None:
    serving = await installation.serve()
    elsewhere = {"SCIM_LEDGER_PORT": "", "SCIM_LEDGER_HOST": ""}
    issue = ("token", "issue", "--label", "a", "--json")
    running = await installation.run(*issue, **elsewhere)
    given = await installation.run(*issue, SCIM_LEDGER_PUBLIC_URL="https://scim.example.com")
    await serving.end(signal.SIGKILL)
    stopped = await installation.run(*issue, **elsewhere)
    moved = Installation(installation.data_dir, free_port())
    again = await moved.serve()
    after = await moved.run(*issue, **elsewhere)
    await again.end(signal.SIGTERM)

    assert [running.json["tenantUrl"], stopped.json["tenantUrl"]] == [serving.base] * 2
    assert given.json["tenantUrl"] == "https://scim.example.com/api/scim/v2"
    assert after.json["tenantUrl"] == again.base


async def test_idle_connections_take_no_descriptors_from_the_database(
    installation: Installation,
) -> None:
    process = await asyncio.create_subprocess_exec(
        *("bash", "-c", 'ulimit -n 300; exec "$@"', "bash", *installation.command("serve")),
        cwd=installation.checkout,
        env=installation.environment(),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    await installation.ready()
    token = await installation.token()
    idle = [await asyncio.open_connection("127.0.0.1", installation.port) for _ in range(400)]
    os.kill(postmaster(installation.data_dir), signal.SIGKILL)
    await asyncio.sleep(0)
    await installation.ready()
    status = await installation.status("/Roles", token)
    for _, writer in idle:
        writer.close()
    process.send_signal(signal.SIGTERM)
    _, err = await process.communicate()

    assert (status, process.returncode) == (200, 0)
    assert b"connections_at_limit" in err
    assert b"Too many open files" not in err


def postmaster(data_dir: Path) -> int:
    """Return the id of the main Postgres process of the folder."""
    text = (data_dir / "postgres" / "postmaster.pid").read_text(encoding="utf-8")
    return int(text.splitlines()[0])
