"""Clients that send slowly, or not at all: each request has its time, and others are served meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.faults.raw import RawAnswer, head, receive, send_raw_all
from tests.protocol.resources import people, values
from tests.serving import MEDIA_TYPE, Scim

JSON = f"Content-Type: {MEDIA_TYPE}"
ADA = b'{"userName": "ada"}'
MEGABYTES = 2_097_152
ENDS_S = 10.0
ARRIVALS = "service.http.connections.arrivals"


class Raw:
    """A connection of a client that sends what a test says."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def send(self, data: bytes) -> None:
        """Send bytes."""
        self.writer.write(data)
        await self.writer.drain()

    async def answer(self) -> RawAnswer:
        """Receive an answer."""
        async with asyncio.timeout(ENDS_S):
            return await receive(self.reader)

    async def is_closed(self) -> bool:
        """Return whether the service closes the connection, and sends nothing before."""
        async with asyncio.timeout(ENDS_S):
            try:
                return await self.reader.read() == b""
            except ConnectionError:
                return True


@asynccontextmanager
async def connected(scim: Scim) -> AsyncIterator[Raw]:
    """Connect for the duration of the block."""
    reader, writer = await asyncio.open_connection("127.0.0.1", scim.served.port)
    try:
        yield Raw(reader, writer)
    finally:
        writer.close()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let time pass fifty times as fast: a head has 0.2 s, and the window of a body too."""
    monkeypatch.setattr(f"{ARRIVALS}.HEAD_TIMEOUT_S", 0.2)
    monkeypatch.setattr(f"{ARRIVALS}.TICK_S", 0.02)


def refusal(answer: RawAnswer, status: int) -> str:
    """Return the detail of a refusal."""
    assert answer.status == status
    assert answer.headers["content-type"] == MEDIA_TYPE
    return str(answer.body["detail"])


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("begin", [b"G", b"GET / HTTP/1.1\r\nHost: x\r\nX-Long", b"\r\n\r\n"])
async def test_a_head_that_does_not_end_is_refused_in_time(scim: Scim, begin: bytes) -> None:
    async with connected(scim) as client:
        await client.send(begin)
        assert "did not come within" in refusal(await client.answer(), 408)
        assert await client.is_closed()


@pytest.mark.usefixtures("quick")
async def test_a_head_that_drips_has_no_more_time(scim: Scim) -> None:
    async with connected(scim) as client:
        await client.send(b"GET / HTTP/1.1\r\nHost: x\r\n")
        dripping = asyncio.create_task(drip(client, b"X-A: b\r\n"))
        assert "did not come within" in refusal(await client.answer(), 408)
        dripping.cancel()
        await asyncio.wait([dripping])


async def drip(client: Raw, piece: bytes) -> None:
    """Send a piece again and again."""
    while True:
        await client.send(piece)
        await asyncio.sleep(0.01)


@pytest.mark.usefixtures("quick")
async def test_a_connection_on_which_nothing_comes_is_closed_without_an_answer(scim: Scim) -> None:
    async with connected(scim) as client:
        assert await client.is_closed()


@pytest.mark.usefixtures("quick")
async def test_a_connection_that_was_used_may_be_idle_for_longer(scim: Scim) -> None:
    async with connected(scim) as client:
        for _ in range(2):
            await client.send(head(scim, "GET", "/Roles"))
            assert (await client.answer()).status == 200
            await asyncio.sleep(0.3)
        await client.send(head(scim, "GET", "/Roles") + b"GET /")  # The next head begins at once.
        assert (await client.answer()).status == 200
        await client.send(b"api")
        assert "did not come within" in refusal(await client.answer(), 408)


@pytest.mark.parametrize("piece", [10_000, 100_000])
async def test_a_head_of_more_than_64_kib_is_refused(scim: Scim, piece: int) -> None:
    lines = [f"X-{number}: {'x' * 8_000}" for number in range(9)]
    request = head(scim, "GET", "/Users", *lines)
    async with connected(scim) as client:
        for begin in range(0, len(request), piece):
            await client.send(request[begin : begin + piece])
            await asyncio.sleep(0)
        assert "65,536 bytes" in refusal(await client.answer(), 431)


async def test_a_long_head_and_a_body_that_come_together_are_taken(scim: Scim) -> None:
    body = b'{"userName": "ada", "title": "%s"}' % (b"x" * 60_000)
    lines = [f"X-{number}: {'x' * 8_000}" for number in range(7)]
    request = head(scim, "POST", "/Users", JSON, f"Content-Length: {len(body)}", *lines) + body

    assert [each.status for each in await send_raw_all(scim, request, 1)] == [201]


async def test_many_requests_in_one_piece_are_no_long_head(scim: Scim) -> None:
    request = head(scim, "GET", "/Roles") * 200

    assert {each.status for each in await send_raw_all(scim, request, 200)} == {200}


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    "lines",
    [
        ("Content-Length: 1000",),
        ("Content-Length: 1000", "Expect: 100-continue"),
        ("Transfer-Encoding: chunked",),
    ],
)
async def test_a_body_that_stalls_is_refused_in_time(scim: Scim, lines: tuple[str, ...]) -> None:
    begin = b"5\r\n" + ADA[:5] + b"\r\n" if "chunked" in lines[0] else ADA[:5]
    async with connected(scim) as client:
        await client.send(head(scim, "POST", "/Users", JSON, *lines))
        if len(lines) > 1:
            assert (await client.answer()).status == 100
        await client.send(begin)
        assert "1 KiB a second" in refusal(await client.answer(), 408)
        assert await client.is_closed()


@pytest.mark.usefixtures("quick")
async def test_what_surrounds_chunks_does_not_count_as_body(scim: Scim) -> None:
    async with connected(scim) as client:
        await client.send(head(scim, "POST", "/Users", JSON, "Transfer-Encoding: chunked"))
        dripping = asyncio.create_task(drip(client, b"1;" + b"x" * 2_000 + b"\r\n \r\n"))
        assert "1 KiB a second" in refusal(await client.answer(), 408)
        dripping.cancel()
        await asyncio.wait([dripping])


@pytest.mark.usefixtures("quick")
async def test_a_body_that_keeps_its_rate_may_take_longer(
    scim: Scim, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{ARRIVALS}.BODY_BYTES_MIN", 20)
    body = ADA[:-1] + b" " * 100 + b"}"
    async with connected(scim) as client:
        await client.send(head(scim, "POST", "/Users", JSON, f"Content-Length: {len(body)}"))
        for place in range(0, len(body), 4):
            await client.send(body[place : place + 4])
            await asyncio.sleep(0.02)
        assert (await client.answer()).status == 201


async def test_large_bodies_that_stall_hold_up_nobody(scim: Scim) -> None:
    padding = b" " * (MEGABYTES - 100)
    lines = (JSON, f"Content-Length: {MEGABYTES}")
    ids = await people(scim, 3)
    async with connected(scim) as one, connected(scim) as another:
        for client in (one, another):
            await client.send(head(scim, "POST", "/Groups", *lines) + padding)
        made = await scim.post(
            "/Groups",
            {"displayName": "Team", "members": values(ids), "x": "y" * MEGABYTES},
        )
        assert made.status == 201
