"""A service on a real socket, and clients that send SCIM requests as customers' clients do."""

import base64
import logging
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode, urlsplit
from uuid import UUID

import aiohttp
import asyncpg
import orjson
import structlog
from pydantic import SecretStr
from yarl import URL

from service import log
from service.app import serving
from service.cli.provenance import cli_provenance
from service.config import Settings
from service.limits import garbage
from service.organizations.register import create_organization
from service.organizations.tokens import issue_token
from service.runtime import Runtime, open_runtime
from service.scim.base_path import BASE_PATH
from service.tracing.spans import Spans

MEDIA_TYPE = "application/scim+json"
URL_SAFE = "%/:?#[]@!$&'()*+,;="
FOLDERS = Path(tempfile.gettempdir()) / "scim-ledger-tests"
FAILURES_MAX = 1_000_000  # The tests fail to authenticate on purpose, all from one address.
garbage.BYTES_MAX = (
    2**34
)  # A process of tests is larger than a service, and would be collected all the time.
MASTER_KEY = base64.b64encode(bytes(range(32))).decode()
NAME_KEY_BYTES = bytes(
    range(32, 64)
)  # Of every test's database: a rebuild then hashes names as the service does.


@dataclass(frozen=True, slots=True)
class Tenant:
    """An organization, with what its administrator knows about it."""

    id: UUID
    name: str
    roles: Mapping[str, str]  # Name → UUID, as a client sends it.
    account_id: str
    token: str
    token_id: UUID


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer. `body` is its JSON, or None if it has no body."""

    status: int
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True, slots=True)
class Served:
    """A running service."""

    runtime: Runtime
    owner: asyncpg.Connection  # Of the database, to inspect it.
    session: aiohttp.ClientSession
    port: int

    @property
    def base(self) -> str:
        """Return the URL of the SCIM endpoint."""
        return f"http://127.0.0.1:{self.port}{BASE_PATH}"


class Scim:
    """A client with a token. Every answer is checked for what all answers must have."""

    def __init__(self, served: Served, token: str | None) -> None:
        self.served = served
        self.base = served.base
        self.token = token

    async def get(self, path: str, **headers: str) -> Answer:
        """Send a GET. In the names of `headers`, _ stands for -."""
        return await self.send("GET", path, **headers)

    async def find(self, path: str, **query: str) -> Answer:
        """Send a GET with query parameters, which are encoded here."""
        return await self.send("GET", f"{path}?{urlencode(query)}")

    async def post(self, path: str, body: Any, **headers: str) -> Answer:
        """Create."""
        return await self.send("POST", path, body, **headers)

    async def put(self, path: str, body: Any, **headers: str) -> Answer:
        """Replace."""
        return await self.send("PUT", path, body, **headers)

    async def patch(self, path: str, *operations: Any, **headers: str) -> Answer:
        """Send a PATCH with these operations."""
        return await self.send("PATCH", path, patch_op(*operations), **headers)

    async def delete(self, path: str, **headers: str) -> Answer:
        """Delete."""
        return await self.send("DELETE", path, **headers)

    async def send(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Send a request with a JSON body or with the given bytes."""
        answer = await self.ask(method, path, body, **headers)
        assert answer.status < 500, answer
        return checked(answer)

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """Send a request without checking its answer."""
        data = body if body is None or isinstance(body, bytes) else orjson.dumps(body)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        if data is not None:
            sent.setdefault("Content-Type", f"{MEDIA_TYPE}; charset=utf-8")
        # What the test has encoded is left as it is; spaces and quotes are encoded here.
        url = URL(self.base + quote(path, safe=URL_SAFE), encoded=True)
        async with self.served.session.request(
            method, url, data=data and BytesIO(data), headers=sent
        ) as response:
            content = await response.read()
            return Answer(response.status, response.headers, parsed(content))


def parsed(content: bytes) -> Any:
    """Return the JSON of a body; None if it is empty."""
    return orjson.loads(content) if content else None


def media_type_of(status: int) -> str | None:
    """Return the media type that an answer must have: None if it has no content."""
    return None if status in (204, 304) else MEDIA_TYPE


def checked(answer: Answer) -> Answer:
    """Assert what every answer of the SCIM endpoint must have; return the answer."""
    assert answer.headers.get("Content-Type") == media_type_of(answer.status), answer
    assert UUID(answer.headers["X-Request-Id"]).version == 7, answer
    if answer.status >= 400:
        assert answer.body["status"] == str(answer.status), answer
        assert answer.body["schemas"] == ["urn:ietf:params:scim:api:messages:2.0:Error"]
        assert len(answer.body["detail"]) > 10, answer
    return answer


def patch_op(*operations: Any) -> dict[str, Any]:
    """Return a PatchOp message."""
    schemas = ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]
    return {"schemas": schemas, "Operations": list(operations)}


def settings(database_url: str, **changed: Any) -> Settings:
    """Return the settings of a service on a free port, with what a test changes. Each database has a data folder."""
    folder = FOLDERS / urlsplit(database_url).path.strip("/")
    given = {
        "port": 0,
        "failed_authentications_per_minute": FAILURES_MAX,
        "issuer_hosts": "127.0.0.1",
        "issuers_may_be_private": True,
        "webhooks_may_be_private": True,
        "data_dir": folder,
    }
    secrets = {"database_url": SecretStr(database_url), "master_key": SecretStr(MASTER_KEY)}
    return Settings(**{**given, **secrets, **changed})


async def make_tenant(runtime: Runtime, name: str) -> Tenant:
    """Make an organization with a token."""
    created = await create_organization(runtime, name, provenance=cli_provenance())
    issued = await issue_token(runtime, created.organization, "tests", provenance=cli_provenance())
    roles = {role: str(role_id) for role, role_id in created.organization.roles.items()}
    account_id = str(created.account_id)
    return Tenant(created.organization.id, name, roles, account_id, issued.token, issued.token_id)


@asynccontextmanager
async def started(
    database_url: str,
    *,
    through: str | None = None,
    is_kept: bool = False,
    spans: Spans | None = None,
    **changed: Any,
) -> AsyncIterator[Served]:
    """Run a service for the duration of the block, with the settings that a test changes.

    `through` is the URL that the service gets, if it is another one. `is_kept` leaves its data folder for a later
    start. `spans` makes traces.
    """
    # One line per request would hide the output that explains a failed test.
    structlog.configure(
        processors=log.as_columns(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING),
    )
    chosen = settings(through or database_url, **changed)
    async with (
        open_runtime(chosen, is_migrating=False, spans=spans) as runtime,
        serving(runtime, chosen) as port,
        aiohttp.ClientSession() as session,
    ):
        owner = await asyncpg.connect(database_url)
        try:
            yield Served(runtime, owner, session, port)
        finally:
            await owner.close()
    if not is_kept:
        shutil.rmtree(chosen.data_dir, ignore_errors=True)
