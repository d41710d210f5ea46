"""Another organization that provisions at a steady rate, whatever the attacker does; it takes the times."""

import asyncio
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from random import Random
from time import perf_counter
from typing import Any

import aiohttp
import orjson

from service.scim.base_path import BASE_PATH
from tests.serving import MEDIA_TYPE, Tenant, patch_op

RATE = 25.0  # Requests a second, as Entra's.
ANSWER_TIMEOUT_S = 30.0


@dataclass(slots=True)
class Times:
    """How long the answers took, and their statuses."""

    seconds: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)

    def percentile(self, share: float) -> float:
        """Return the time in which this share of the requests was answered; infinite if there was none."""
        return percentile(self.seconds, share)


def percentile(seconds: Iterable[float], share: float) -> float:
    """Return the time within which this share of the requests was answered; infinite if there was none."""
    ordered = sorted(seconds)
    return ordered[max(0, math.ceil(len(ordered) * share) - 1)] if ordered else math.inf


class Bystander:
    """A client that looks for users, makes them, and changes them."""

    def __init__(self, port: int, tenant: Tenant, rng: Random) -> None:
        self._base = f"http://127.0.0.1:{port}{BASE_PATH}"
        headers = {
            "Authorization": f"Bearer {tenant.token}",
            "Content-Type": MEDIA_TYPE,
            "X-Bystander": "1",
        }
        timeout = aiohttp.ClientTimeout(total=ANSWER_TIMEOUT_S)
        connector = aiohttp.TCPConnector(limit=100)
        self._session = aiohttp.ClientSession(headers=headers, timeout=timeout, connector=connector)
        self._rng = rng
        self._made: list[str] = []
        self._number = 0

    async def close(self) -> None:
        """Close its connections."""
        await self._session.close()

    async def work(self, seconds: float) -> Times:
        """Send requests for so long, each at its time; return the times of all."""
        times, began = Times(), perf_counter()
        async with asyncio.TaskGroup() as group:
            for number in range(int(seconds * RATE)):
                await asyncio.sleep(max(0.0, began + number / RATE - perf_counter()))
                group.create_task(self._ask(times, began + number / RATE))
        return times

    async def _ask(self, times: Times, due: float) -> None:
        """Send one request. Its time counts from when it was due."""
        method, path, body = self._next()
        data = None if body is None else orjson.dumps(body)
        try:
            async with self._session.request(method, self._base + path, data=data) as response:
                content = await response.read()
                status = str(response.status)
                if response.status == 201:
                    self._made.append(orjson.loads(content)["id"])
        except (aiohttp.ClientError, TimeoutError) as error:
            status = type(error).__name__
        times.seconds.append(perf_counter() - due)
        times.statuses[status] += 1

    def _next(self) -> tuple[str, str, Any]:
        self._number += 1
        name = f"bystander.{self._number}@example.com"
        kind = self._rng.random()
        if kind < 0.3 or not self._made:
            return "POST", "/Users", {"userName": name, "displayName": name}
        user = f"/Users/{self._rng.choice(self._made)}"
        if kind < 0.5:
            change = {"op": "replace", "path": "title", "value": name}
            return "PATCH", user, patch_op(change)
        if kind < 0.75:
            return "GET", f'/Users?filter=userName%20eq%20"{name}"', None
        return "GET", user, None


def summed(times: Sequence[Times]) -> Times:
    """Return several times as one."""
    whole = Times()
    for each in times:
        whole.seconds += each.seconds
        whole.statuses += each.statuses
    return whole
