"""1,100 clients without a token that keep half a request open: the service answers all others."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import aiohttp
import pytest

from service.database.embedded import postgres as embedded
from tests.protocol.installation import Installation, Serving, free_port

pytestmark = pytest.mark.process
CLIENTS = 1_100
ENOUGH_S = 10.0
HEADS = {
    "half a head": b"POST /api/scim/v2/Users HTTP/1.1\r\nHost: x\r\nX-Half",
    "no byte": b"",
    "half a body": b"POST /api/scim/v2/Users HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n{",
}


@pytest.fixture
async def installation(tmp_path: Path) -> AsyncIterator[Installation]:
    """Yield a data folder; no Postgres runs on it afterwards."""
    made = Installation(tmp_path / "data", free_port())
    yield made
    await asyncio.to_thread(lambda: embedded.start(made.data_dir).stop())


async def test_half_sent_requests_leave_the_service_reachable(installation: Installation) -> None:
    serving = await installation.serve()
    token = await installation.token()
    statuses = dict[str, list[int]]()
    for name, begin in HEADS.items():
        holding = [asyncio.create_task(hold(installation.port, begin)) for _ in range(CLIENTS)]
        statuses[name] = [await reached(serving, token) for _ in range(3)]
        for each in holding:
            each.cancel()
        await asyncio.wait(holding)
    ended = await serving.end(signal.SIGTERM)

    assert statuses == dict.fromkeys(HEADS, [200] * 3)
    assert ended.code == 0


async def reached(serving: Serving, token: str) -> int:
    """Return the status of an answer; 0 if there is none in time.

    The client is at the same address as the others, so its new connection may be closed too.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(ENOUGH_S):
            while True:
                with suppress(aiohttp.ClientError):
                    return (await serving.send("GET", "/Roles", token))[0]
    return 0


async def hold(port: int, begin: bytes) -> None:
    """Hold a connection with the begin of a request, and connect again as soon as it is closed."""
    while True:
        with suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(begin)
                await reader.read()
            finally:
                writer.close()
        await asyncio.sleep(0.5)
