"""A connection that is gone leaves nothing behind: what it sent does not wait for the garbage collector."""

import asyncio
import gc
from collections.abc import Iterator

import pytest

from service.http.server import BoundedHandler
from tests.faults.raw import head
from tests.serving import MEDIA_TYPE, Scim

BODY = b'{"userName": "' + b"x" * 200_000
TIMEOUT_S = 20.0


@pytest.fixture
def no_gc() -> Iterator[None]:
    """Switch the garbage collector off."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def connections() -> int:
    """Return how many connections are in memory."""
    return sum(isinstance(each, BoundedHandler) for each in gc.get_objects())


@pytest.mark.usefixtures("no_gc")
@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET / HTT",
        BODY,
        BODY * 12,  # More than is read ahead.
    ],
    ids=["nothing", "half a head", "half a body", "more than is read ahead"],
)
async def test_a_connection_that_ends_within_a_request_is_forgotten(
    scim: Scim, sent: bytes
) -> None:
    before = connections()
    lines = (f"Content-Type: {MEDIA_TYPE}", f"Content-Length: {10 * len(BODY * 12)}")
    request = head(scim, "POST", "/Users", *lines) + sent if sent.startswith(b"{") else sent
    for _ in range(3):
        _, writer = await asyncio.open_connection("127.0.0.1", scim.served.port)
        writer.write(request)
        await asyncio.sleep(0.05)
        writer.transport.abort()
    async with asyncio.timeout(TIMEOUT_S):
        # Nothing says when an object goes.
        while connections() > before:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
