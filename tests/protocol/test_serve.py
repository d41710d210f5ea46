"""`scim-ledger serve` from its first start to its last: what it keeps, what it shows, how it ends."""

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import orjson
import pytest

from service.database.embedded import postgres as embedded
from tests.protocol.installation import Installation, Serving, free_port

pytestmark = [pytest.mark.slow, pytest.mark.process]
MANY = 200


@pytest.fixture
async def installation(tmp_path: Path) -> AsyncIterator[Installation]:
    """Yield a data folder; no Postgres runs on it afterwards."""
    made = Installation(tmp_path / "data", free_port())
    yield made
    await asyncio.to_thread(lambda: embedded.start(made.data_dir).stop())


async def test_a_stopped_service_ends_well_keeps_data_and_shows_no_secret_again(
    installation: Installation,
) -> None:
    first = await installation.serve()
    token = await installation.token()
    status, user = await first.send("POST", "/Users", token, {"userName": "ada"})
    ended = await first.end(signal.SIGINT)
    second = await installation.serve()
    read = await second.send("GET", f"/Users/{user['id']}", token)
    ended_too = await second.end(signal.SIGTERM)

    assert (status, ended.code, ended.err, ended_too.code) == (201, 0, "", 0)
    assert read == (200, user)
    assert "Secret token" not in second.said
    assert token not in first.said + second.said


async def test_a_token_can_be_made_though_the_first_start_found_no_port(
    installation: Installation,
) -> None:
    taken = await asyncio.start_server(lambda *_: None, "127.0.0.1", installation.port)
    refused = await installation.run("serve")
    taken.close()
    await taken.wait_closed()

    serving = await installation.serve()
    answer = await serving.send("GET", "/Roles", await installation.token())
    await serving.end(signal.SIGTERM)

    assert (refused.code, refused.err.count("\n"), answer[0]) == (3, 1, 200)


async def test_a_kill_loses_nothing_that_was_acknowledged(installation: Installation) -> None:
    first = await installation.serve()
    token = await installation.token()
    many, acknowledged = asyncio.Event(), list[str]()
    writing = asyncio.create_task(write_until_it_dies(first, token, acknowledged, many))
    await many.wait()
    await first.end(signal.SIGKILL)
    await writing

    second = await installation.serve()
    tail = await installation.run("events", "tail", "--no-follow", "-n", "1000000", "--json")
    status, body = await second.send("GET", "/Users?count=0", token)
    await second.end(signal.SIGINT)

    events = [orjson.loads(line) for line in tail.out.splitlines()]
    users = {each["streamId"] for each in events if each["type"] == "UserProvisioned"}
    users -= {each["streamId"] for each in events if each["type"] == "AccountDesignated"}
    assert set(acknowledged) <= users
    assert [each["position"] for each in events] == list(range(1, len(events) + 1))
    assert (status, body["totalResults"]) == (200, len(users))


async def write_until_it_dies(
    serving: Serving, token: str, acknowledged: list[str], many: asyncio.Event
) -> None:
    """Make users over eight connections at once; note those acknowledged, and when they are many."""
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(headers=headers) as session:

        async def write(writer: int) -> None:
            for number in range(100_000):
                body = {"userName": f"user-{writer}-{number}"}
                try:
                    async with session.post(f"{serving.base}/Users", json=body) as response:
                        acknowledged.append(orjson.loads(await response.read())["id"])
                except aiohttp.ClientError:
                    return
                if len(acknowledged) >= MANY:
                    many.set()

        await asyncio.gather(*map(write, range(8)))
