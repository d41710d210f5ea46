"""`serve --workers`: one port, a parent that restarts what dies, and nobody who notices."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiohttp
import psutil
import pytest

from tests.protocol.installation import Installation, Serving, free_port

pytestmark = [pytest.mark.slow, pytest.mark.process, pytest.mark.timeout(300)]
WAIT_S = 150.0


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    """Give a data folder and a port."""
    return Installation(tmp_path / "data", free_port())


@asynccontextmanager
async def two_workers(installation: Installation) -> AsyncIterator[Serving]:
    """Give a service with two workers that both run; nothing of it is left in the end."""
    serving = await installation.serve("--workers", "2")
    family = [psutil.Process(serving.process.pid)]
    try:
        await until(lambda: len(workers(serving)) == 2)
        yield serving
        if serving.process.returncode is None:
            assert (await serving.end(signal.SIGTERM)).code == 0
    finally:
        with suppress(psutil.NoSuchProcess):
            family += family[0].children()
        for each in family:
            with suppress(psutil.NoSuchProcess):
                each.kill()


@pytest.fixture
async def two(installation: Installation) -> AsyncIterator[Serving]:
    """Give a service with two workers."""
    async with two_workers(installation) as serving:
        yield serving


def workers(serving: Serving) -> list[int]:
    """Return the process numbers of the workers, in the order of their start."""
    children = psutil.Process(serving.process.pid).children()
    return [each.pid for each in children if "--as-worker" in " ".join(each.cmdline())]


async def until(holds: Callable[[], bool]) -> None:
    """Return once something holds."""
    async with asyncio.timeout(WAIT_S):
        while not holds():  # noqa: ASYNC110 - processes set no events.
            await asyncio.sleep(0.05)


async def statuses(base: str, token: str, stop: asyncio.Event) -> list[int]:
    """Send one request after the other until `stop`; return the answers."""
    found = []
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        while not stop.is_set():
            async with session.get(f"{base}/Users") as answer:
                found.append(answer.status)
            await asyncio.sleep(0.01)
    return found


async def test_a_worker_that_is_killed_is_restarted_and_new_connections_do_not_notice(
    two: Serving, installation: Installation
) -> None:
    first = workers(two)[0]
    os.kill(first, signal.SIGKILL)
    async with aiohttp.ClientSession() as session:
        for _ in range(10):
            async with session.get(two.base.replace("/api/scim/v2", "/healthz")) as answer:
                assert (answer.status, (await answer.json())["status"]) == (200, "alive")
    await until(lambda: len(workers(two)) == 2 and first not in workers(two))


async def test_workers_are_replaced_one_by_one_without_a_failed_request(tmp_path: Path) -> None:
    installation = Draining(tmp_path / "data", free_port())
    async with two_workers(installation) as serving:
        token, stop, before = await installation.token(), asyncio.Event(), set(workers(serving))
        asking = asyncio.create_task(statuses(serving.base, token, stop))
        serving.process.send_signal(signal.SIGUSR2)
        await until(lambda: len(workers(serving)) == 2 and not before & set(workers(serving)))
        stop.set()
        answers = await asking

    assert len(answers) > 10
    assert set(answers) == {200}


class Draining(Installation):
    """One that drains for a second before it stops."""

    def environment(self, **more: str) -> dict[str, str]:
        """Return the environment of its commands."""
        return super().environment(SCIM_LEDGER_DRAIN_SECONDS="1", **more)


async def test_workers_do_not_outlive_their_parent(two: Serving) -> None:
    left = [psutil.Process(each) for each in workers(two)]
    two.process.kill()
    await two.process.wait()
    _, alive = await asyncio.to_thread(psutil.wait_procs, left, WAIT_S)
    assert alive == []


async def test_a_port_that_is_taken_is_one_line(installation: Installation) -> None:
    with socket.create_server(("127.0.0.1", installation.port)):
        ended = await installation.run("serve", "--workers", "2")
    assert ended.code == 3
    assert ended.err.startswith(f"scim-ledger: Cannot listen on 127.0.0.1:{installation.port}:")


async def test_a_first_worker_that_cannot_start_ends_the_service_with_its_own_words(
    installation: Installation,
) -> None:
    nowhere = "postgresql://nobody@127.0.0.1:1/nothing"
    ended = await installation.run("serve", "--workers", "2", DATABASE_URL=nowhere)
    lines = ended.err.splitlines()
    assert (ended.code, len(lines)) == (3, 1)
    assert lines[0].startswith("scim-ledger: Postgres cannot be reached")
