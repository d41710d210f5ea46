"""No secret is written anywhere: the service and its commands run with marked secrets, and all they wrote is searched."""

import asyncio
import base64
import os
import secrets
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import asyncpg
import orjson
import pytest
from yarl import URL

from schema.scim.urns import ENTERPRISE_USER
from service.api.read import NAMES
from service.app import APIS
from service.callers.scopes import MEANINGS, OPERATE
from service.scim.base_path import BASE_PATH
from service.scim.routes import ENDPOINTS
from tests.drill.process import CHECKOUT, Process, free_port, plain_environment
from tests.serving import MASTER_KEY, NAME_KEY_BYTES

pytestmark = [pytest.mark.process, pytest.mark.slow, pytest.mark.timeout(600)]

ADMIN = "/api/admin/v1"
TABLES = """
    SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) FROM pg_tables
     WHERE schemaname NOT IN ('pg_catalog', 'information_schema')
"""
ROUTES = [
    *((each.method, BASE_PATH + each.path) for each in ENDPOINTS),
    *((route.method, api.prefix + route.path) for api in APIS for route in api.routes),
]
BASIC = base64.b64encode(b"019ac8a2-9c1e-7b3c-8f0e-3f0f5b1c2d4e:MARKED-basic-secret").decode()


@dataclass
class Searched:
    """What must be written nowhere, and what was written."""

    markers: dict[str, bytes] = field(default_factory=dict)  # By what each is.
    written: dict[str, bytes] = field(default_factory=dict)  # By where each is.

    def mark(self, what: str, secret: str | bytes) -> str | bytes:
        """Add a secret in each form in which it might be written; return it."""
        raw = secret.encode() if isinstance(secret, str) else secret
        for form, each in (
            ("", raw),
            (" in hexadecimal", raw.hex().encode()),
            (" in base64", base64.b64encode(raw).rstrip(b"=")),
        ):
            self.markers[what + form] = each
        return secret

    def note(self, where: str, text: str | bytes) -> None:
        """Add what was written somewhere."""
        self.written[where] = text.encode() if isinstance(text, str) else text

    def found(self) -> Iterator[str]:
        """Yield each secret that is written somewhere."""
        for what, secret in self.markers.items():
            for where, text in self.written.items():
                if secret in text:
                    yield f"{what}: {where}"


@dataclass
class House:
    """A service as a process of its own, its commands, and what is searched."""

    process: Process
    searched: Searched
    session: aiohttp.ClientSession
    sent: int = 0

    def secret(self, what: str) -> str:
        """Return a new secret that must be written nowhere."""
        made = f"MARKED-{what.replace(' ', '-')}-{secrets.token_hex(8)}"
        self.searched.mark(what, made)
        return made

    async def send(
        self, method: str, path: str, token: str | None, body: Any = None, **headers: str
    ) -> tuple[int, Any]:
        """Send a request; note the answer with its headers."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        if token is not None:
            given.setdefault("Authorization", f"Bearer {token}")
        data = body if body is None or isinstance(body, bytes) else orjson.dumps(body)
        given.setdefault("Content-Type", "application/json")
        url = URL(f"http://127.0.0.1:{self.process.port}{path}", encoded=True)
        async with self.session.request(method, url, data=data, headers=given) as answer:
            content = b""
            if answer.headers.get("Content-Type", "").startswith("text/event-stream"):
                answer.close()
            else:
                content = await answer.read()
            self.sent += 1
            self.searched.note(
                f"answer {self.sent} to {method} {path}", f"{answer.headers}".encode() + content
            )
            return answer.status, _json(content)

    async def issue(
        self, what: str, key: str, method: str, path: str, token: str, body: Any
    ) -> dict[str, Any]:
        """Send a request whose answer holds a secret this once: it is marked, and this answer is not searched."""
        _, answered = await self.send(method, path, token, body)
        assert key in answered, answered
        del self.searched.written[f"answer {self.sent} to {method} {path}"]
        self.mark(what, answered[key])
        found: dict[str, Any] = answered
        return found

    def mark(self, what: str, secret: str) -> None:
        """Add a secret that was shown this once; of a token also its signature alone."""
        self.searched.mark(what, secret)
        if secret.count(".") == 2:
            self.searched.mark(f"the signature of {what}", secret.rpartition(".")[2])

    async def say(
        self, *arguments: str, shows: str = "", code: int | None = 0, **settings: str
    ) -> Any:
        """Run a command; note what it printed. `shows` names the secret that it shows this once."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "service", *arguments),
            env={**self.process.environment, **settings},
            cwd=CHECKOUT,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        said = " ".join(arguments[:2])
        assert code is None or process.returncode == code, (said, out, err)
        self.searched.note(f"what {said} complained of {len(self.searched.written)}", err)
        answered = _json(out)
        if shows:
            self.mark(f"{shows} of {said}", answered[shows])
        else:
            self.searched.note(f"what {said} printed {len(self.searched.written)}", out)
        return answered


def _json(content: bytes) -> Any:
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        return None


async def started(database_url: str, folder: Path, searched: Searched) -> Process:
    """Start a service whose settings are marked secrets."""
    environment = plain_environment() | {
        "DATABASE_URL": database_url,
        "SCIM_LEDGER_MASTER_KEY": MASTER_KEY,
        "SCIM_LEDGER_DATA_DIR": str(folder / "data"),
        "SCIM_LEDGER_LOG_LEVEL": "DEBUG",
        "SCIM_LEDGER_OIDC_ISSUER": "https://idp.invalid/tenant",
        "SCIM_LEDGER_OIDC_CLIENT_ID": "console",
        "SCIM_LEDGER_OIDC_CLIENT_SECRET": "MARKED-oidc-client-secret",
        "SCIM_LEDGER_SMTP_HOST": "mail.invalid",
        "SCIM_LEDGER_SMTP_USER": "ledger",
        "SCIM_LEDGER_SMTP_PASSWORD": "MARKED-smtp-password",
        "SCIM_LEDGER_NATS_URL": "nats://ledger:MARKED-nats-password@nats.invalid:4222",
    }
    for what in ("oidc-client-secret", "smtp-password", "nats-password", "basic-secret"):
        searched.mark(what, f"MARKED-{what}")
    searched.mark("the credentials of a Basic header", BASIC)
    searched.mark("master key", base64.b64decode(MASTER_KEY))
    searched.mark("key of names", NAME_KEY_BYTES)
    if password := urlsplit(database_url).password:
        searched.mark("password of the database", password)
    process = Process(environment, folder / "service.log", free_port())
    await process.start()
    return process


async def test_no_secret_is_written_anywhere(database_url: str, tmp_path: Path) -> None:
    searched = Searched()
    process = await started(database_url, tmp_path, searched)
    try:
        async with aiohttp.ClientSession() as session:
            house = House(process, searched, session)
            await administrate(house)
            await at_a_terminal(house, tmp_path)
            await asyncio.sleep(1.0)  # Last uses, and what followers write.
    finally:
        await process.stop()
    await collect(searched, database_url, tmp_path)

    assert len(searched.written) > 3 * len(ROUTES)
    assert sorted(searched.found()) == []
    # What is no secret is found, so what is searched is what was written.
    known = Searched({"a label": b"rotated-label"}, searched.written)
    places = " ".join(known.found())
    assert all(each in places for each in ("table eventstore", "table directory", "answer"))
    assert b"request_id" in searched.written[f"file {process.log}"]


async def administrate(house: House) -> None:
    """Make every kind of secret over HTTP, use each, and send each route good and bad requests."""
    scopes = [each for each in MEANINGS if each != OPERATE]
    options = [option for each in scopes for option in ("--scope", each)]
    first = await house.say("token", "issue", "--label", "all", *options, "--json", shows="token")
    token = first["token"]
    accounts = (await house.send("GET", f"{ADMIN}/accounts", token))[1]["items"]
    account = {"accountId": accounts[0]["id"]}
    issued = await house.issue(
        "token", "token", "POST", f"{ADMIN}/tokens", token, {"label": "rotated-label"}
    )
    rotated = await house.issue(
        "rotated token", "token", "POST", f"{ADMIN}/tokens/{issued['id']}/rotate", token, {}
    )
    client = await house.issue(
        *("client secret", "clientSecret", "POST", f"{ADMIN}/clients", token),
        {"label": "c", "kind": "secret", **account},
    )
    hook = {"label": "h", "url": "https://hooks.invalid/x"}
    path = f"{ADMIN}/webhooks"
    await house.issue("webhook secret", "secret", "POST", path, token, hook)
    pushed = {**hook, "format": "set", "bearer": house.secret("bearer")}
    assert (await house.send("POST", path, token, pushed))[0] == 201
    grant = f"grant_type=client_credentials&client_id={client['clientId']}&client_secret="
    form = {"Content_Type": "application/x-www-form-urlencoded"}
    _, access = await house.send(
        "POST", "/oauth2/token", None, (grant + client["clientSecret"]).encode(), **form
    )
    house.mark("access token", access["access_token"])
    del house.searched.written[f"answer {house.sent} to POST /oauth2/token"]
    await house.send("GET", f"{BASE_PATH}/Users", access["access_token"])
    await refused_grants(house, grant, form)
    await people_with_passwords(house, token)
    await every_route(house, token, [issued["token"], rotated["token"]])


async def refused_grants(house: House, grant: str, form: dict[str, str]) -> None:
    """Ask the token endpoint with secrets that it refuses."""
    wrong = house.secret("wrong client secret")
    assertion = "&client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    for body in (
        grant + wrong,
        f"{grant}x{assertion}&client_assertion={wrong}",
        f"grant_type=client_credentials{assertion}&client_assertion=eyJhbGciOiJub25lIn0.e30.{wrong}",
        f"grant_type=password&username=ada&password={wrong}",
        f"{grant}{wrong}&client_secret={wrong}",
        f"{wrong}&&&=",
    ):
        await house.send("POST", "/oauth2/token", None, body.encode(), **form)
    await house.send("POST", "/oauth2/token", None, b"grant_type=client_credentials", **form,
                     Authorization=f"Basic {BASIC}")  # fmt: skip
    await house.send("POST", f"/oauth2/token?client_secret={wrong}", None, b"{}")


async def people_with_passwords(house: House, token: str) -> None:
    """Write users with passwords in every way that SCIM and the admin API have."""
    password = house.secret("password of a user")
    user = {"userName": "ada", "password": password, ENTERPRISE_USER: {"password": password}}
    _, made = await house.send("POST", f"{BASE_PATH}/Users", token, user)
    path = f"{BASE_PATH}/Users/{made['id']}"
    await house.send("PUT", path, token, user)
    for value in (
        {"op": "replace", "path": "password", "value": password},
        {"op": "add", "value": {"password": password}},
        {"op": "replace", "path": "password", "value": [{"value": password}]},
        {"op": "replace", "path": "urn:nobody:knows:password", "value": password},
        {"op": "replace", "path": f'emails[value eq "{password}"].nothing', "value": 1},
    ):
        await house.send("PATCH", path, token, {"Operations": [value]})
    bulk = [{"method": "POST", "path": "/Users", "bulkId": "1", "data": {"password": password}}]
    await house.send("POST", f"{BASE_PATH}/Bulk", token, {"Operations": bulk})
    await house.send("GET", f"{BASE_PATH}/Users?filter=password%20eq%20%22{password}%22", token)
    await house.send("POST", f"{ADMIN}/users", token, {"userName": "ben", "password": password})
    for url in (f"https://ada:{password}@hooks.invalid/x", f"https://hooks.invalid:{password}/"):
        await house.send("POST", f"{ADMIN}/webhooks", token, {"label": "h", "url": url})
        body = {"label": "f", "kind": "federated", "issuer": url, "subjects": ["s"]}
        accounts = (await house.send("GET", f"{ADMIN}/accounts", token))[1]["items"]
        more = {"accountId": accounts[0]["id"], "audiences": ["a"]}
        await house.send("POST", f"{ADMIN}/clients", token, {**body, **more})


async def every_route(house: House, token: str, others: list[str]) -> None:
    """Send each route bad tokens, and bad requests with a good one."""
    secret = house.secret("in a bad request")
    refused = (*others, secret, token[:-3], f"{token}.{secret}")
    for number, (method, template) in enumerate(ROUTES):
        path = NAMES.sub("019ac8a2-9c1e-7b3c-8f0e-3f0f5b1c2d4e", template)
        await house.send(method, path, refused[number % len(refused)])
        await house.send(method, path, None, Authorization=f"Basic {BASIC}")
        await house.send(method, f"{path}?access_token={secret}", None)
        await house.send(method, path, token, {"secret": secret, "password": secret})
        await house.send(method, path, token, f'{{"label": "{secret}'.encode())


async def at_a_terminal(house: House, folder: Path) -> None:
    """Run commands that make secrets, list what has them, and fail with them."""
    account = ("--account", "technical-account")
    made = await house.say(
        "client", "create", "--label", "t", *account, "--json", shows="clientSecret"
    )
    await house.say("client", "add-secret", made["id"], "--json", shows="clientSecret")
    hook = ("--label", "t", "--url", "https://hooks.invalid/y")
    await house.say("webhook", "create", *hook, "--json", shows="secret")
    pushed = ("--format", "set", "--bearer", house.secret("bearer at a terminal"))
    await house.say("webhook", "create", *hook, *pushed, "--json")
    operator = ("--label", "o", "--scope", OPERATE)
    await house.say("token", "issue", *operator, "--json", shows="token")
    link = await house.say("console", "link", "--json", shows="url")
    house.mark("code of a link", URL(link["url"]).name or link["url"])
    organization = (await house.say("organization", "list", "--json"))[0]["organizationId"]
    key = folder / "transfer.key"
    moved = ("--transfer-key", str(key))
    await house.say("organization", "export", organization, str(folder / "out"), *moved)
    house.searched.mark("transfer key", await asyncio.to_thread(lambda: key.read_bytes().strip()))
    await house.say("organization", "export", organization, str(folder / "plain.ndjson"))
    for command in (
        ("token", "list"),
        ("token", "list", "--operators"),
        ("client", "list"),
        ("webhook", "list"),
        ("keys", "list"),
        ("events", "tail", "--no-follow", "-n", "1000", "--personal"),
    ):
        await house.say(*command, "--json")
    await house.say("check", code=None)
    await house.say("keys", "rotate", "signing")
    for name, wrong in wrong_settings(house).items():
        await house.say("token", "list", code=3, **{name: wrong})


def wrong_settings(house: House) -> dict[str, str]:
    """Return settings with secrets in them that no command can use."""
    password, key = house.secret("password of no database"), house.secret("key of wrong length")
    return {
        "DATABASE_URL": f"postgresql://ada:{password}@127.0.0.1:1/nothing",
        "SCIM_LEDGER_OWNER_DATABASE_URL": f"mysql://ada:{password}@127.0.0.1/nothing",
        "SCIM_LEDGER_MASTER_KEY": key,
    }


async def collect(searched: Searched, database_url: str, folder: Path) -> None:
    """Note every table, and every file beside the keys that were asked for."""
    owner = await asyncpg.connect(database_url)
    try:
        for (table,) in await owner.fetch(TABLES):
            rows = await owner.fetch(f"SELECT each::text FROM {table} AS each")
            searched.note(f"table {table}", "\n".join(row[0] for row in rows))
    finally:
        await owner.close()
    for file in files_in(folder):
        searched.note(f"file {file}", await asyncio.to_thread(file.read_bytes))


def files_in(folder: Path) -> Iterator[Path]:
    """Yield the files below a folder, without the key that a command was asked to write."""
    for path, _, names in os.walk(folder):
        yield from (Path(path, name) for name in names if name != "transfer.key")
