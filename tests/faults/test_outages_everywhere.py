"""Whatever route a request takes: while Postgres cannot answer, it is 503 with Retry-After, and never a fault of ours."""

import re
import types
import typing
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit
from uuid import UUID

import asyncpg
import pytest
from aiohttp import ClientTimeout
from pydantic import AwareDatetime, BaseModel

from service.app import APIS
from service.callers import authenticate
from service.console.routes import PAGES
from service.console.sessions.same_site import FIELD, form_token
from service.operate import tokens as operators
from tests.admin.client import with_scope
from tests.console.client import Browser
from tests.serving import Answer, Scim, Served, make_tenant, started

SOME_ID = "01a22378-b464-7a94-8f36-af53d0bbcd99"
USER = {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "userName": "x"}
CHANGE = {
    "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
    "Operations": [{"op": "replace", "path": "displayName", "value": "x"}],
}
SCIM = [
    ("GET", "/Users", None),
    ("GET", f"/Users/{SOME_ID}", None),
    ("GET", "/Users?filter=userName%20eq%20%22x%22", None),
    ("POST", "/Users", USER),
    ("PUT", f"/Users/{SOME_ID}", USER),
    ("PATCH", f"/Users/{SOME_ID}", CHANGE),
    ("DELETE", f"/Users/{SOME_ID}", None),
    ("GET", "/Groups", None),
    ("GET", f"/Groups/{SOME_ID}", None),
    ("POST", "/Groups", {"displayName": "x"}),
    ("GET", "/Roles", None),
    ("GET", "/Me", None),
    ("GET", "/Schemas", None),
    ("GET", "/ServiceProviderConfig", None),
]
OPEN = ("/metrics", "/healthz", "/api/openapi.json", "/api/feed/v1/jwks")
# What a browser still needs if the tables behind it cannot be read.
KEPT = ("service.console_sessions", "service.operator_tokens", "directory.")
EXAMPLES: dict[Any, Any] = {
    UUID: SOME_ID,
    int: 1,
    bool: True,
    datetime: "2020-01-01T00:00:00Z",
    AwareDatetime: "2020-01-01T00:00:00Z",
}
Outage = Callable[[Served, str], typing.AsyncContextManager[None]]


@asynccontextmanager
async def gone(served: Served, dsn: str) -> AsyncIterator[None]:
    """Let the database be away."""
    name = urlsplit(dsn).path.strip("/")
    maintenance = await asyncpg.connect(dsn.replace(f"/{name}", "/postgres"))
    try:
        await maintenance.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        await maintenance.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name
        )
        yield
    finally:
        await maintenance.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        await maintenance.close()


@asynccontextmanager
async def unreadable(served: Served, _dsn: str) -> AsyncIterator[None]:
    """Let callers be found, and nothing else."""
    rows = await served.owner.fetch(
        "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"
        " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
    )
    for (table,) in rows:
        if not table.startswith(KEPT):
            await served.owner.execute(f"REVOKE ALL ON {table} FROM scim_ledger_service")
    yield


def example(annotation: Any) -> Any:
    """Return a value that a field of a message may have."""
    inner, kind = typing.get_args(annotation), typing.get_origin(annotation)
    if kind is typing.Literal:
        return inner[0]
    if kind in {typing.Annotated, typing.Union, types.UnionType}:
        return example(inner[0])
    if kind is not None:
        return [example(inner[0])]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return filled(annotation)
    return EXAMPLES.get(annotation, "x")


def filled(model: type[BaseModel] | None) -> dict[str, Any]:
    """Return a message with the fields that it must have."""
    fields = model.model_fields if model else {}
    return {
        each.alias or name: example(each.annotation)
        for name, each in fields.items()
        if each.is_required()
    }


def api_requests() -> Iterator[tuple[str, str, Any]]:
    """Yield a request for each route of our APIs."""
    for api in APIS:
        for route in api.routes:
            path = api.prefix + re.sub(r"{\w+}", SOME_ID, route.path)
            query = urlencode(filled(route.query))
            body = filled(route.body) if route.body else None
            yield route.method, path + (f"?{query}" if query else ""), body


def pages() -> Iterator[tuple[str, str]]:
    """Yield a request for each page of the console."""
    for page in PAGES:
        if page.path != "/signout":  # The others need the session.
            yield page.method, "/console" + re.sub(r"{\w+(:[^}]*)?}", SOME_ID, page.path)


@pytest.mark.process
@pytest.mark.parametrize(("outage", "refused_min"), [(gone, 180), (unreadable, 110)])
async def test_an_outage_is_503_and_when_to_try_again_on_every_route(
    outage: Outage, refused_min: int, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with started(database_url) as served:
        tenant = await make_tenant(served.runtime, "Contoso")
        token = with_scope(
            served, tenant, "admin audit:read audit:export audit:erase feed:read scim"
        )
        operator, _ = await operators.issue(
            served.runtime.pool, "x", lifetime=None, created_by="tests"
        )
        browser = Browser(served)
        await browser.sign_in(tenant.id)
        # The token stays known, so that its requests get further than the door.
        monkeypatch.setattr(authenticate, "AGING_S", 1e9)
        monkeypatch.setattr(authenticate, "FRESH_S", 1e9)
        assert (await Scim(served, token).get("/Users")).status == 200

        async with outage(served, database_url):
            answers = dict(
                [
                    *[each async for each in by_token(served, token, operator)],
                    *[each async for each in by_browser(served, browser)],
                ]
            )
        wrong = {
            name: answer
            for name, answer in answers.items()
            if answer.status >= 500
            and (answer.status, "Retry-After" in answer.headers) != (503, True)
        }
        assert not wrong
        assert sum(each.status == 503 for each in answers.values()) >= refused_min


async def by_token(served: Served, token: str, operator: str) -> AsyncIterator[tuple[str, Answer]]:
    """Send requests to all routes that want a token, or nothing."""
    for method, path, body in api_requests():
        used = operator if path.startswith("/api/operate") else token
        headers = {"Authorization": f"Bearer {used}"}
        yield f"{method} {path}", await ask(served, method, path, json=body, headers=headers)
    for method, path, body in SCIM:
        headers = {"Authorization": f"Bearer {token}"}
        name = f"/api/scim/v2{path}"
        yield f"{method} {name}", await ask(served, method, name, json=body, headers=headers)
    for path in OPEN:
        yield path, await ask(served, "GET", path)
    form = {"grant_type": "client_credentials", "client_id": SOME_ID, "client_secret": "x"}
    yield "/oauth2/token", await ask(served, "POST", "/oauth2/token", data=form)


async def by_browser(served: Served, browser: Browser) -> AsyncIterator[tuple[str, Answer]]:
    """Send requests to all pages."""
    [(name, secret)] = browser.cookies.items()
    origin = f"http://127.0.0.1:{served.port}"
    headers = {"Cookie": f"{name}={secret}", "Origin": origin}
    for method, path in pages():
        data = None if method == "GET" else {FIELD: form_token(secret)}
        yield f"{method} {path}", await ask(served, method, path, headers=headers, data=data)


async def ask(served: Served, method: str, path: str, **sent: Any) -> Answer:
    """Send a request; of a stream, read the beginning only."""
    url = f"http://127.0.0.1:{served.port}{path}"
    async with served.session.request(
        method, url, allow_redirects=False, timeout=ClientTimeout(total=60), **sent
    ) as response:
        if response.content_type != "text/event-stream":
            await response.read()
        return Answer(response.status, response.headers, None)
