"""Sends requests at instants of the past, as an identity provider or an administrator does."""

from collections.abc import Collection
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

import aiohttp
import orjson

from service.clock import Clock

SCIM: Final = "/api/scim/v2"
ADMIN: Final = "/api/admin/v1"
AUDIT: Final = "/api/audit/v1"
FASTEST_MS, SLOWEST_MS = 120, 640  # Between the requests of a cycle.
PATCH: Final = ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]
Body = dict[str, Any] | list[Any] | None


class UnexpectedAnswer(Exception):
    """The service answered a request of the demonstration otherwise than expected."""


class Client:
    """A client of the service. Its clock goes on with each request."""

    def __init__(
        self, session: aiohttp.ClientSession, origin: str, clock: Clock, random: Random
    ) -> None:
        self._session, self._origin, self._clock, self._random = session, origin, clock, random
        self.now = clock.now()
        self.requests = 0

    def at(self, now: datetime) -> None:
        """Go on at another time, which must be later."""
        self.now = max(self.now, now)

    async def send(
        self,
        token: str,
        method: str,
        path: str,
        body: Body = None,
        *,
        refused: Collection[int] = (),
    ) -> Any:
        """Send a request; return its answer as JSON. Errors: UnexpectedAnswer unless it succeeds or is refused as said."""
        self.now += timedelta(milliseconds=self._random.randint(FASTEST_MS, SLOWEST_MS))
        self._clock.set(self.now)
        self.requests += 1
        headers = {"Authorization": f"Bearer {token}"}
        if body is not None:
            headers["Content-Type"] = (
                "application/scim+json" if SCIM in path else "application/json"
            )
        data = None if body is None else orjson.dumps(body)
        async with self._session.request(
            method, self._origin + path, data=data, headers=headers
        ) as response:
            content = await response.read()
            if not response.ok and response.status not in refused:
                raise UnexpectedAnswer(f"{method} {path}: {response.status} {content[:500]!r}")
            is_json = "json" in response.headers.get("Content-Type", "") and content[:1] in b"{["
            return orjson.loads(content) if content and is_json else None

    async def patch(self, token: str, path: str, *operations: dict[str, Any]) -> Any:
        """Send a PATCH of SCIM."""
        body = {"schemas": PATCH, "Operations": list(operations)}
        return await self.send(token, "PATCH", f"{SCIM}{path}", body)


def replace(path: str, value: object) -> dict[str, Any]:
    """Return an operation that replaces an attribute."""
    return {"op": "Replace", "path": path, "value": value}


def members(op: str, *ids: str) -> dict[str, Any]:
    """Return an operation that adds or removes members of a group."""
    return {"op": op, "path": "members", "value": [{"value": each} for each in ids]}
