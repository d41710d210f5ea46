"""A receiver of webhooks on a real socket, which checks every signature by itself."""

import asyncio
import base64
import hashlib
import hmac
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import web


@dataclass
class Receiver:
    """What arrived, in its order, and how the next request is answered."""

    port: int = 0
    secrets: list[str] = field(default_factory=list)
    requests: list[web.BaseRequest] = field(default_factory=list)
    arrived: list[Any] = field(default_factory=list)  # Bodies that were taken.
    arrived_at_s: list[float] = field(default_factory=list)  # Wall clock.
    refused: list[Any] = field(default_factory=list)
    answer: Callable[[Any], int] = lambda _body: 204
    headers: dict[str, str] = field(default_factory=dict)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        """Return where it listens."""
        return f"http://127.0.0.1:{self.port}/hook?key=topsecret"

    async def take(self, request: web.BaseRequest) -> web.Response:
        """Answer a request."""
        body = await request.read()
        document = orjson.loads(body)
        self.requests.append(request)
        if self.secrets:
            assert self.is_signed(request, body), "The signature is wrong."
        status = self.answer(document)
        if 200 <= status < 300:
            self.arrived.append(document)
            self.arrived_at_s.append(time.time())
        else:
            self.refused.append(document)
        self.news.set()
        return web.Response(status=status, headers=self.headers)

    def is_signed(self, request: web.BaseRequest, body: bytes) -> bool:
        """Return whether one of the signatures is that of the first secret (Standard Webhooks)."""
        identifier, at = request.headers["webhook-id"], request.headers["webhook-timestamp"]
        assert abs(time.time() - int(at)) < 60
        key = base64.b64decode(self.secrets[0].removeprefix("whsec_"))
        text = f"{identifier}.{at}.".encode() + body
        wanted = "v1," + base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()
        return wanted in request.headers["webhook-signature"].split(" ")

    async def until(self, condition: Callable[[], bool], timeout_s: float = 20.0) -> None:
        """Return once something is true of what arrived."""
        async with asyncio.timeout(timeout_s):
            while not condition():
                self.news.clear()
                await self.news.wait()


@asynccontextmanager
async def receiving(port: int = 0) -> AsyncIterator[Receiver]:
    """Give a receiver that listens for the duration of the block."""
    receiver = Receiver()
    server = web.Server(receiver.take)
    runner = web.ServerRunner(server)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    receiver.port = runner.addresses[0][1]
    try:
        yield receiver
    finally:
        await runner.cleanup()
