"""A shape of hostile requests, and what it is made from."""

import gzip
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import aiohttp
import orjson

from service.scim.base_path import BASE_PATH
from tests.attack.crew import Manner
from tests.attack.site import Site
from tests.serving import MEDIA_TYPE

SETUP_TIMEOUT_S = 120.0


@dataclass(frozen=True, slots=True)
class Hostile:
    """What a shape is made from: the site, a seeded choice, and a client of the attacker's organization."""

    site: Site
    rng: Random
    session: aiohttp.ClientSession

    async def make(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request that prepares an attack; return the JSON of its answer."""
        url = f"http://127.0.0.1:{self.site.process.port}{BASE_PATH}{path}"
        headers = {
            "Authorization": f"Bearer {self.site.attacker.token}",
            "Content-Type": MEDIA_TYPE,
        }
        timeout = aiohttp.ClientTimeout(total=SETUP_TIMEOUT_S)
        data = None if body is None else orjson.dumps(body)
        status, content = 503, b""
        while status == 503:
            async with self.session.request(
                method, url, data=data, headers=headers, timeout=timeout
            ) as response:
                status, content = response.status, await response.read()
        assert status < 300, (status, content[:300])
        return orjson.loads(content) if content else None

    async def user(self, **attributes: Any) -> str:
        """Make a user; return the path of it."""
        name = f"hostile.{self.rng.randrange(2**60):x}"
        made = await self.make("POST", "/Users", {"userName": name, **attributes})
        return f"/Users/{made['id']}"

    def request(
        self, method: str, path: str, body: Any = b"", *lines: str, token: str | None = None
    ) -> bytes:
        """Return a request as bytes; a body that is no bytes becomes JSON."""
        content = body if isinstance(body, bytes) else orjson.dumps(body)
        if content and not any(each.startswith("Transfer-Encoding") for each in lines):
            lines = (*lines, f"Content-Length: {len(content)}")
        if content:
            lines = (*lines, f"Content-Type: {MEDIA_TYPE}")
        head = (
            f"{method} {BASE_PATH}{path} HTTP/1.1",
            "Host: 127.0.0.1",
            f"Authorization: Bearer {self.site.attacker.token if token is None else token}",
            *lines,
        )
        return "\r\n".join([*head, "", ""]).encode("latin-1") + content

    def gzipped(self, method: str, path: str, body: Any) -> bytes:
        """Return a request with a compressed body."""
        content = body if isinstance(body, bytes) else orjson.dumps(body)
        packed = gzip.compress(content, 9, mtime=0)
        return self.request(method, path, packed, "Content-Encoding: gzip")


Prepare = Callable[[Hostile], Any]  # Returns requests, awaited if it has to make something first.


@dataclass(frozen=True, slots=True)
class Shape:
    """A kind of hostile requests, on so many connections at once; each sends the next one after an answer."""

    name: str
    prepare: Prepare
    connections: int = 16
    manner: Manner = "answered"
    accepted: Sequence[
        str
    ] = ()  # Statuses of which there must be at least one: legal requests are served.


def chunked(content: bytes, size: int) -> bytes:
    """Return a body in chunks."""
    pieces = [content[begin : begin + size] for begin in range(0, len(content), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(each), each) for each in pieces) + b"0\r\n\r\n"
