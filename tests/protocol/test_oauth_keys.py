"""The keys of issuers: fetched seldom, bounded in time and size, and never from inside our network."""

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import orjson
import pytest
from aiohttp import web
from aiohttp.abc import ResolveResult
from aiohttp.resolver import ThreadedResolver
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from schema.scim.errors import InvalidValue
from service.callers.issuers import IssuerRules, read_rules
from service.oauth import key_sets
from service.oauth.fetch import KeysUnavailable, KeysUnusable, fetch_json
from service.oauth.key_sets import FRESH_S, KEPT_S, REFETCH_S, KeySets, read_key
from tests.protocol.issuer import EC_KID, RSA_KID, Issuer, ec_key, issuing, public_jwk, rsa_key
from tests.protocol.oauth import RULES, ask_with_assertion, make_client
from tests.serving import Served, Tenant

PUBLIC_ONLY = IssuerRules(frozenset({"*"}))


class Clock:
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.now_s = 1_000.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now_s


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    """Give an issuer that a test may change."""
    async with issuing() as running:
        yield running


@pytest.fixture
def clock() -> Clock:
    """Give a clock."""
    return Clock()


@pytest.fixture
def sets(clock: Clock) -> KeySets:
    """Give key sets that nobody has used."""
    return KeySets(RULES, clock_s=clock)


async def test_keys_are_fetched_once_for_all_who_wait(issuer: Issuer, sets: KeySets) -> None:
    issuer.wait_s = 0.05

    keys = await asyncio.gather(*(sets.find(issuer.url, RSA_KID, "RS256") for _ in range(20)))

    assert {type(each).__name__ for each in keys} == {"RSAPublicKey"}
    assert issuer.answers == 1


async def test_a_flood_of_unknown_kids_is_one_fetch_a_minute(
    issuer: Issuer, sets: KeySets, clock: Clock
) -> None:
    for number in range(200):
        assert await sets.find(issuer.url, f"kid-{number}", "RS256") is None
    assert issuer.answers == 1

    clock.now_s += REFETCH_S
    for number in range(200):
        await sets.find(issuer.url, f"kid-{number}", "RS256")
    assert issuer.answers == 2


async def test_a_new_key_is_found_after_a_minute(
    issuer: Issuer, sets: KeySets, clock: Clock
) -> None:
    await sets.find(issuer.url, RSA_KID, "RS256")
    issuer.keys = [public_jwk(ec_key(), "ec-2")]
    early = await sets.find(issuer.url, "ec-2", "ES256")

    clock.now_s += REFETCH_S

    assert early is None
    assert await sets.find(issuer.url, "ec-2", "ES256") is not None


async def test_a_key_that_the_issuer_withdrew_is_given_up_within_the_hour(
    issuer: Issuer, sets: KeySets, clock: Clock
) -> None:
    await sets.find(issuer.url, RSA_KID, "RS256")
    issuer.keys = []

    clock.now_s += FRESH_S + 1

    assert await sets.find(issuer.url, RSA_KID, "RS256") is None


async def test_known_keys_outlive_a_failure_of_the_issuer_for_a_day(
    issuer: Issuer, sets: KeySets, clock: Clock
) -> None:
    await sets.find(issuer.url, RSA_KID, "RS256")
    issuer.status = 503

    clock.now_s += FRESH_S + 1
    assert await sets.find(issuer.url, RSA_KID, "RS256") is not None
    clock.now_s += KEPT_S
    with pytest.raises(KeysUnavailable, match="status 503"):
        await sets.find(issuer.url, RSA_KID, "RS256")


@pytest.mark.parametrize(
    ("changed", "error", "why"),
    [
        ({"wait_s": 0.5}, KeysUnavailable, "more than 0.2 s"),
        ({"status": 500}, KeysUnavailable, "status 500"),
        ({"status": 429}, KeysUnavailable, "status 429"),
        ({"status": 404}, KeysUnusable, "status 404"),
        ({"status": 302}, KeysUnusable, "status 302"),
        ({"body": b"x" * 262_145}, KeysUnusable, "more than 262144 bytes"),
        ({"body": b"{"}, KeysUnusable, "not JSON"),
        ({"body": b"[]"}, KeysUnusable, "no list keys"),
        ({"body": orjson.dumps({"keys": [{}] * 101})}, KeysUnusable, "more than 100 keys"),
        (
            {"described_as": "https://login.microsoftonline.com/x/v2.0"},
            KeysUnusable,
            "another name",
        ),
    ],
    ids=lambda each: str(each)[:40],
)
async def test_an_issuer_that_misbehaves_is_asked_once_a_minute(
    issuer: Issuer,
    sets: KeySets,
    monkeypatch: pytest.MonkeyPatch,
    changed: dict[str, Any],
    error: type[Exception],
    why: str,
) -> None:
    monkeypatch.setattr(key_sets, "FETCH_TIMEOUT_S", 0.2)
    for name, value in changed.items():
        setattr(issuer, name, value)

    for _ in range(3):
        with pytest.raises(error, match=why):
            await sets.find(issuer.url, RSA_KID, "RS256")

    assert issuer.answers <= 1


@pytest.mark.parametrize(
    ("changed", "status", "error"),
    [
        ({"wait_s": 0.5}, 503, "temporarily_unavailable"),
        ({"body": b"x" * 262_145}, 401, "invalid_client"),
    ],
    ids=["slow", "oversized"],
)
async def test_the_client_learns_whether_to_try_again(
    served: Served,
    organization: Tenant,
    issuer: Issuer,
    monkeypatch: pytest.MonkeyPatch,
    changed: dict[str, Any],
    status: int,
    error: str,
) -> None:
    monkeypatch.setattr(key_sets, "FETCH_TIMEOUT_S", 0.2)
    for name, value in changed.items():
        setattr(issuer, name, value)
    client = await make_client(served, organization, issuer)

    answer = await ask_with_assertion(served, client, issuer.assertion())

    assert (answer.status, answer.body["error"]) == (status, error)
    assert ("Retry-After" in answer.headers) == (status == 503)


class Rebinding(ThreadedResolver):
    """A resolver for which every name is this machine, whatever it was a moment before."""

    async def resolve(self, host: str, port: int = 0, family: Any = 0) -> list[ResolveResult]:  # noqa: ARG002 - as it is called.
        """Return this machine."""
        return [
            {
                "hostname": host,
                "host": "127.0.0.1",
                "port": port,
                "family": socket.AF_INET,
                "proto": 0,
                "flags": 0,
            }
        ]


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "[::1]", "[::]", "[::ffff:127.0.0.1]", "login.microsoftonline.com"],
)
async def test_no_connection_to_a_private_address_is_made(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached: list[bytes] = []

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reached.append(await reader.read(1))
        writer.close()

    monkeypatch.setattr(aiohttp.connector, "DefaultResolver", Rebinding)
    server = await asyncio.start_server(note, host="127.0.0.1")
    port = server.sockets[0].getsockname()[1]
    with pytest.raises(KeysUnusable, match="not public"):
        await fetch_json(f"https://{host}:{port}/", PUBLIC_ONLY)
    server.close()
    await server.wait_closed()
    assert reached == []


async def test_keys_may_not_move_to_a_host_that_is_not_allowed(sets: KeySets) -> None:
    async def describe(request: web.Request) -> web.Response:
        issuer = f"http://{request.host}"
        return web.json_response({"issuer": issuer, "jwks_uri": "https://evil.example/keys"})

    app = web.Application()
    app.router.add_get("/.well-known/openid-configuration", describe)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    with pytest.raises(KeysUnusable, match="host that is not allowed"):
        await sets.find(f"http://127.0.0.1:{runner.addresses[0][1]}", RSA_KID, "RS256")
    await runner.cleanup()


def test_a_key_is_for_one_algorithm() -> None:
    assert read_key(public_jwk(rsa_key(), RSA_KID)) is not None
    assert read_key(public_jwk(ec_key(), EC_KID, alg="ES256", key_ops=["verify"])) is not None


@pytest.mark.parametrize(
    "published",
    [
        "key",
        {"kty": "oct", "k": "c2VjcmV0", "kid": "a"},
        {"kty": "RSA", "kid": "a"},
        {"kty": "RSA", "n": 7, "e": "AQAB", "kid": "a"},
        {"kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": "a"},
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "kid": "a"},
        {"kty": ["RSA"], "kid": "a"},
        {**public_jwk(ec_key(), "a"), "x": "A" * 43},
        {**public_jwk(ec_key(), "a"), "use": "enc"},
        {**public_jwk(ec_key(), "a"), "key_ops": ["encrypt"]},
        {**public_jwk(ec_key(), "a"), "key_ops": 7},
        {**public_jwk(ec_key(), "a"), "alg": "HS256"},
        {**public_jwk(ec_key(), "a"), "kid": 7},
        public_jwk(ec.generate_private_key(ec.SECP384R1()), "a"),
        public_jwk(rsa.generate_private_key(65537, 1024), "a"),  # noqa: S505 - too short.
    ],
    ids=range(15),
)
def test_a_key_that_does_not_fit_is_left_out(published: Any) -> None:
    assert read_key(published) is None


@pytest.mark.parametrize(
    "url",
    [
        "http://login.microsoftonline.com/tid/v2.0",
        "https://login.microsoftonline.com.evil.example/tid",
        "https://evil.example/login.microsoftonline.com",
        "https://login.microsoftonline.com@evil.example/",
        "https://user:password@login.microsoftonline.com/",
        "https://login.microsoftonline.com/?x=1",
        "https://login.microsoftonline.com/#x",
        "https://login.microsoftonline.com:99999/",
        "https://xlogin.microsoftonline.com/",
        "https:///tid",
        "ftp://login.microsoftonline.com/",
        "file:///etc/passwd",
        "login.microsoftonline.com",
        "https://login.microsoftonline.com/ä",
        "https://login.microsoftonline.com/\n",
        "https://[::1",
        "https://127.0.0.1/",
        "https://example.com/",
        "https://login.microsoftonline.com/" + "x" * 500,
        "",
    ],
)
def test_an_issuer_that_the_rules_do_not_allow_is_refused(url: str) -> None:
    rules = read_rules("login.microsoftonline.com, .example.com", may_be_private=False)
    with pytest.raises(InvalidValue):
        rules.check(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://login.microsoftonline.com/tid/v2.0",
        "https://LOGIN.microsoftonline.com/tid/v2.0",
        "https://idp.example.com:8443/",
    ],
)
def test_an_issuer_that_the_rules_allow(url: str) -> None:
    read_rules("login.microsoftonline.com .example.com", may_be_private=False).check(url)
