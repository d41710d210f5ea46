"""A load of so many requests a second, whatever the service does: creates, reads, changes and searches."""

import asyncio
import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from time import monotonic
from typing import Any

import aiohttp
import orjson

MEDIA_TYPE = "application/scim+json"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
ANSWER_TIMEOUT_S = 30.0


@dataclass(slots=True)
class Load:
    """Requests to one SCIM endpoint, and what was answered."""

    base: str
    tokens: Sequence[str]  # In turn: a balancer hashes by them.
    rate: float  # A second.
    answers: Counter[str] = field(default_factory=Counter)
    name: str = field(default_factory=lambda: secrets.token_hex(4))  # Of its users.
    slowest_s: float = 0.0
    made: list[str] = field(default_factory=list)  # Ids of users.
    written: list[float] = field(
        default_factory=list
    )  # When writes were acknowledged, by a monotonic clock.

    @property
    def failed(self) -> dict[str, int]:
        """Return the answers that are not 2xx, and the requests without an answer."""
        return {name: count for name, count in self.answers.items() if not name.startswith("2")}

    def longest_s(self, since: float) -> float:
        """Return the longest time without an acknowledged write."""
        times = [since, *(each for each in self.written if each > since)]
        return max((after - before for before, after in pairwise(times)), default=float("inf"))

    async def run(self, stop: asyncio.Event) -> None:
        """Send requests until `stop`; return when all are answered."""
        headers = {"Content-Type": MEDIA_TYPE}
        timeout = aiohttp.ClientTimeout(total=ANSWER_TIMEOUT_S)
        async with (
            aiohttp.ClientSession(headers=headers, timeout=timeout) as session,
            asyncio.TaskGroup() as group,
        ):
            began, sent = monotonic(), 0
            while not stop.is_set():
                group.create_task(self._send(session, sent))
                sent += 1
                await asyncio.sleep(max(0.0, began + sent / self.rate - monotonic()))

    async def _send(self, session: aiohttp.ClientSession, number: int) -> None:
        began = monotonic()
        try:
            await self._ask(session, number)
        except (aiohttp.ClientError, TimeoutError) as error:
            self.answers[type(error).__name__] += 1
        self.slowest_s = max(self.slowest_s, monotonic() - began)

    async def _ask(self, session: aiohttp.ClientSession, number: int) -> None:
        name = f"{self.name}-{number}@example.com"
        match number % 4 if self.made else 0:
            case 0:
                body = await self._one(session, "POST", "/Users", {"userName": name})
                if body and "id" in body:
                    self.made.append(body["id"])
                    self.written.append(monotonic())
            case 1:
                await self._one(session, "GET", f"/Users/{self.made[-1]}")
            case 2:
                change = {"op": "replace", "path": "displayName", "value": name}
                document = {"schemas": [PATCH], "Operations": [change]}
                await self._one(session, "PATCH", f"/Users/{self.made[-1]}", document)
            case _:
                await self._one(session, "GET", f'/Users?filter=userName+eq+"{name}"')

    async def _one(
        self,
        session: aiohttp.ClientSession,
        method: str,
        path: str,
        body: dict[str, Any] | None = None,
    ) -> Any:
        data = None if body is None else orjson.dumps(body)
        token = self.tokens[sum(self.answers.values()) % len(self.tokens)]
        headers = {"Authorization": f"Bearer {token}"}
        url = self.base + path
        async with session.request(method, url, data=data, headers=headers) as answer:
            self.answers[str(answer.status)] += 1
            return orjson.loads(await answer.read() or b"null")
