"""Raw HTTP, for requests that no client library would send."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import orjson

from service.scim.base_path import BASE_PATH
from tests.serving import Scim

ANSWER_TIMEOUT_S = 20.0


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """An answer as it was received."""

    status: int
    headers: dict[str, str]
    body: Any


async def send_raw(scim: Scim, request: bytes) -> RawAnswer:
    """Send bytes on a new connection and return the answer."""
    return (await send_raw_all(scim, request, 1))[0]


async def send_raw_all(scim: Scim, requests: bytes, count: int) -> list[RawAnswer]:
    """Send bytes on one new connection and return this many answers."""
    reader, writer = await asyncio.open_connection("127.0.0.1", scim.served.port)
    try:
        async with asyncio.timeout(ANSWER_TIMEOUT_S):
            with suppress(ConnectionError):  # The service may answer and close early.
                writer.write(requests)
                await writer.drain()
            return [await receive(reader) for _ in range(count)]
    finally:
        writer.close()


async def receive(reader: asyncio.StreamReader) -> RawAnswer:
    """Read one answer with its body."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.strip().split("\r\n")
    headers = dict(line.lower().split(": ", 1) for line in lines)
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return RawAnswer(int(first.split(" ")[1]), headers, orjson.loads(body) if body else None)


def head(scim: Scim, method: str, path: str, *lines: str) -> bytes:
    """Return a request line, headers with the client's token, and the empty line that ends them."""
    first = f"{method} {BASE_PATH}{path} HTTP/1.1"
    own = ("Host: localhost", f"Authorization: Bearer {scim.token}")
    return "\r\n".join([first, *own, *lines, "", ""]).encode("latin-1")
