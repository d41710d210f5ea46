"""A client of the admin API. Every answer is checked for what all answers must have."""

from io import BytesIO
from typing import Any
from uuid import UUID

import orjson
from yarl import URL

from tests.protocol.test_token_claims import claims, signed
from tests.serving import Answer, Served, Tenant, parsed

BASE = "/api/admin/v1"
PROBLEM = "application/problem+json"
PROBLEM_MEMBERS = {"type", "title", "status", "detail", "requestId", "errors"}


class Admin:
    """A client with a token."""

    def __init__(self, served: Served, token: str | None, base: str = BASE) -> None:
        self.served = served
        self.token = token
        self.base = base

    async def get(self, path: str, **headers: str) -> Answer:
        """Send a GET."""
        return await self.send("GET", path, **headers)

    async def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        """Send a POST."""
        return await self.send("POST", path, body, **headers)

    async def patch(self, path: str, body: Any, **headers: str) -> Answer:
        """Send a PATCH."""
        return await self.send("PATCH", path, body, **headers)

    async def send(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Send a request with a JSON body, or with the given bytes. In the names of `headers`, _ stands for -."""
        data = body if body is None or isinstance(body, bytes) else orjson.dumps(body)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        if data is not None:
            sent.setdefault("Content-Type", "application/json")
        url = URL(f"http://127.0.0.1:{self.served.port}{self.base}{path}", encoded=True)
        async with self.served.session.request(
            method, url, data=data and BytesIO(data), headers=sent
        ) as response:
            content = await response.read()
            return checked(Answer(response.status, response.headers, parsed(content)))

    async def status(self, method: str, path: str) -> int:
        """Send a request without a body; return the status. The answer may be a file."""
        url = URL(f"http://127.0.0.1:{self.served.port}{self.base}{path}", encoded=True)
        headers = {"Authorization": f"Bearer {self.token}"}
        async with self.served.session.request(method, url, headers=headers) as response:
            await response.read()
            return response.status

    async def pages(self, path: str, limit: int) -> list[list[Any]]:
        """Return the rows of all pages of a list."""
        pages, cursor = [], ""
        while True:
            answer = await self.get(f"{path}?limit={limit}{cursor}")
            assert answer.status == 200, answer
            pages.append(answer.body["items"])
            if answer.body["nextCursor"] is None:
                return pages
            cursor = f"&cursor={answer.body['nextCursor']}"


def checked(answer: Answer) -> Answer:
    """Assert what every answer of our APIs must have; return the answer."""
    assert answer.status < 500, answer
    assert UUID(answer.headers["X-Request-Id"]).version == 7, answer
    assert answer.headers["Cache-Control"] == "no-store", answer
    if answer.status >= 400:
        assert answer.headers["Content-Type"] == PROBLEM, answer
        assert set(answer.body) <= PROBLEM_MEMBERS, answer
        assert answer.body["status"] == answer.status, answer
        assert answer.body["requestId"] == answer.headers["X-Request-Id"], answer
        assert answer.body["type"].startswith("urn:scim-ledger:problem:"), answer
        assert len(answer.body["title"]) > 5, answer
        assert len(answer.body["detail"]) > 10, answer
        for each in answer.body.get("errors", ()):
            assert each["detail"], answer
            assert "pointer" in each or "parameter" in each, answer
    elif answer.status != 204:
        assert answer.headers["Content-Type"] == "application/json", answer
    return answer


def with_scope(served: Served, tenant: Tenant, scope: str) -> str:
    """Return the tenant's token with another scope."""
    return signed(served.runtime.signing_key, claims(tenant) | {"scope": scope})
