"""Access tokens for federated clients: a JWT of their issuer, and everything that is wrong with one (RFC 7523, RFC 8725)."""

import asyncio
import base64
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import uuid4

import jwt
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from service.organizations.clients import MadeClient
from tests.protocol.issuer import (  # fmt: skip
    AUDIENCE,
    EC_KID,
    RSA_KID,
    SUBJECT,
    Issuer,
    issuing,
    pem_of,
    public_jwk,
    rsa_key,
)
from tests.protocol.logged import logged
from tests.protocol.oauth import ask_with_assertion, make_client
from tests.serving import Answer, Scim, Served, Tenant, make_tenant

MINUTE = timedelta(minutes=1)


@pytest.fixture(scope="module")
async def issuer() -> AsyncIterator[Issuer]:
    """Give an issuer that behaves."""
    async with issuing() as running:
        yield running


@pytest.fixture(scope="module")
async def tenant(served: Served) -> Tenant:
    """Give an organization for all tests of this module."""
    return await make_tenant(served.runtime, f"Federated {uuid4().hex}")


@pytest.fixture(scope="module")
async def client(served: Served, tenant: Tenant, issuer: Issuer) -> MadeClient:
    """Give a client that the issuer vouches for."""
    return await make_client(served, tenant, issuer)


def refused(answer: Answer) -> str:
    """Return why the client was refused."""
    assert (answer.status, answer.body["error"]) == (401, "invalid_client"), answer
    return str(answer.body["error_description"])


def b64(content: Any) -> str:
    """Return a part of a JWT."""
    data = content if isinstance(content, bytes) else orjson.dumps(content, default=str)
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_now(changed: dict[str, Any]) -> dict[str, Any]:
    """Return claims with durations as instants, counted from now."""
    now = datetime.now(UTC)
    return {
        name: now + value if isinstance(value, timedelta) else value
        for name, value in changed.items()
    }


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
async def test_an_assertion_gets_a_token_that_works(
    served: Served, issuer: Issuer, client: MadeClient, algorithm: str
) -> None:
    answer = await ask_with_assertion(served, client, issuer.assertion(algorithm=algorithm))

    assert (answer.status, answer.body["expires_in"]) == (200, 3600)
    assert (await Scim(served, answer.body["access_token"]).get("/Users")).status == 200


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": f"{AUDIENCE}/scim.example.com"},
        {"aud": ["api://other", AUDIENCE]},
        {"sub": "another", "azp": SUBJECT},
        {"sub": None, "azp": SUBJECT},
        {"nbf": None, "iat": None},
        {"exp": MINUTE + timedelta(seconds=0.5)},
        {"exp": -MINUTE / 2},
        {"nbf": MINUTE / 2},
        {"exp": timedelta(hours=28)},
    ],
    ids=range(9),
)
async def test_what_a_good_assertion_may_be_like(
    served: Served, issuer: Issuer, client: MadeClient, changed: dict[str, Any]
) -> None:
    assert (
        await ask_with_assertion(served, client, issuer.assertion(**from_now(changed)))
    ).status == 200


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"aud": "api://other"}, "none of the audiences"),
        ({"aud": AUDIENCE.upper()}, "none of the audiences"),
        ({"aud": f"{AUDIENCE}/"}, "none of the audiences"),
        ({"aud": AUDIENCE[:-1]}, "none of the audiences"),
        ({"aud": None}, "none of the audiences"),
        ({"aud": []}, "none of the audiences"),
        ({"aud": [[AUDIENCE], 7]}, "none of the audiences"),
        ({"sub": "another"}, "one of the subjects"),
        ({"sub": SUBJECT.upper()}, "one of the subjects"),
        ({"sub": None}, "one of the subjects"),
        ({"sub": [SUBJECT]}, "one of the subjects"),
        ({"iss": "https://login.microsoftonline.com/other/v2.0"}, "not of the issuer"),
        ({"iss": None}, "not of the issuer"),
        ({"iss": ["x"]}, "not of the issuer"),
        ({"exp": -2 * MINUTE}, "has expired"),
        ({"exp": None}, "has no exp"),
        ({"exp": timedelta(hours=49)}, "too far in the future"),
        ({"exp": "tomorrow"}, "is not a number"),
        ({"exp": True}, "is not a number"),
        ({"exp": 1e300}, "is not a number"),
        ({"exp": float("nan")}, "is not a number"),
        ({"exp": -1}, "is not a number"),
        ({"nbf": 5 * MINUTE}, "not valid yet"),
        ({"nbf": "now"}, "is not a number"),
        ({"jti": 7}, "The jti"),
        ({"jti": "x" * 501}, "The jti"),
        ({"jti": ""}, "The jti"),
    ],
    ids=range(27),
)
async def test_an_assertion_with_other_claims_is_refused(
    served: Served, issuer: Issuer, client: MadeClient, changed: dict[str, Any], why: str
) -> None:
    header = {"alg": "RS256", "kid": RSA_KID}
    # Encoded here, since the library writes no claims that are malformed.
    claims = {
        name: each.timestamp() if isinstance(each, datetime) else each
        for name, each in issuer.claims(**from_now(changed)).items()
    }
    text = orjson.dumps(claims).replace(b'"exp":null', b'"exp":NaN')
    signing = f"{b64(header)}.{b64(text)}"
    signature = jwt.get_algorithm_by_name("RS256").sign(signing.encode(), rsa_key())

    answer = await ask_with_assertion(served, client, f"{signing}.{b64(signature)}")

    assert why in refused(answer)


def unsigned(issuer: Issuer) -> str:
    """Return an assertion without a signature."""
    return f"{b64({'alg': 'none', 'kid': RSA_KID})}.{b64(_times(issuer))}."


def signed_by_the_public_key(issuer: Issuer) -> str:
    """Return an assertion whose shared secret is the public key, which everybody knows."""
    signing = f"{b64({'alg': 'HS256', 'kid': RSA_KID})}.{b64(_times(issuer))}"
    hmac = jwt.get_algorithm_by_name("HS256")
    # The library refuses to sign with such a key; an attacker does not.
    signature = hmac.sign(signing.encode(), pem_of(rsa_key()))
    return f"{signing}.{b64(signature)}"


def _times(issuer: Issuer) -> dict[str, Any]:
    return {**issuer.claims(), "iat": 1, "nbf": 1, "exp": int(time.time()) + 600}


def with_another_key(issuer: Issuer) -> str:
    """Return an assertion that somebody else signed in the issuer's name."""
    return issuer.assertion(key=other_key())


@cache
def other_key() -> Any:
    """Return a key that the issuer never published."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


ATTACKS = {
    "alg none": (unsigned, "signed with RS256 or ES256"),
    "HS256 with the public key": (signed_by_the_public_key, "signed with RS256 or ES256"),
    "PS256": (lambda issuer: issuer.assertion(algorithm="PS256"), "signed with RS256 or ES256"),
    "RS512": (lambda issuer: issuer.assertion(algorithm="RS512"), "signed with RS256 or ES256"),
    "another key": (with_another_key, "signature of the assertion is wrong"),
    "key in the header": (
        lambda issuer: issuer.assertion(
            key=other_key(), headers={"jwk": public_jwk(other_key(), RSA_KID)}
        ),
        "signature of the assertion is wrong",
    ),
    "keys elsewhere": (
        lambda issuer: issuer.assertion(
            key=other_key(), headers={"jku": "http://127.0.0.1:1/keys", "x5u": "http://127.0.0.1:1"}
        ),
        "signature of the assertion is wrong",
    ),
    "the kid of the other algorithm": (
        lambda issuer: issuer.assertion(headers={"kid": EC_KID}),
        "no key of the kid",
    ),
    "unknown kid": (lambda issuer: issuer.assertion(headers={"kid": "x"}), "no key of the kid"),
    "kid as a path": (
        lambda issuer: issuer.assertion(headers={"kid": "../../etc/passwd"}),
        "no key of the kid",
    ),
    "no kid": (lambda issuer: issuer.assertion(headers={"kid": ""}), "has no kid"),
    "long kid": (lambda issuer: issuer.assertion(headers={"kid": "x" * 201}), "has no kid"),
    "critical header": (
        lambda issuer: issuer.assertion(headers={"crit": ["exp"]}),
        "not a signed JWT",
    ),
    "changed": (
        lambda issuer: issuer.assertion().replace(".", ".A", 1),
        "not a signed JWT",
    ),
    "cut off": (lambda issuer: issuer.assertion()[:-2], "signature of the assertion is wrong"),
    "no JWT": (lambda _: "x", "not a signed JWT"),
    "dots": (lambda _: "..", "not a signed JWT"),
    "nested deeply": (
        lambda _: f"{b64(b'[' * 9_000)}.{b64(b'{}')}.x",
        "not a signed JWT",
    ),
    "JWE": (lambda _: "a.b.c.d.e", "not a signed JWT"),
    "too long": (lambda _: "x" * 16_001, "too long"),
    "a token of ours": (lambda _: "ours", "signed with RS256 or ES256"),
}


@pytest.mark.parametrize("attack", ATTACKS)
async def test_an_attack_by_the_assertion_is_refused(
    served: Served, tenant: Tenant, issuer: Issuer, client: MadeClient, attack: str
) -> None:
    make, why = ATTACKS[attack]
    assertion = tenant.token if attack == "a token of ours" else make(issuer)

    assert why in refused(await ask_with_assertion(served, client, assertion))


async def test_an_assertion_is_used_once_if_it_has_a_jti(
    served: Served, issuer: Issuer, client: MadeClient
) -> None:
    named, unnamed = issuer.assertion(jti="one"), issuer.assertion()

    first = await ask_with_assertion(served, client, named)
    again = await ask_with_assertion(served, client, named)
    twice = [(await ask_with_assertion(served, client, unnamed)).status for _ in range(2)]

    assert first.status == 200
    assert "used before" in refused(again)
    assert twice == [200, 200]


async def test_another_process_refuses_a_repeated_assertion_too(
    served: Served, issuer: Issuer, client: MadeClient
) -> None:
    assertion = issuer.assertion(jti="two")
    await ask_with_assertion(served, client, assertion)

    async with logged(served, None) as (scim, _):  # A second server, with nothing in its memory.
        assert "used before" in refused(await ask_with_assertion(scim.served, client, assertion))


async def test_of_many_at_once_one_gets_a_token(
    served: Served, issuer: Issuer, client: MadeClient
) -> None:
    assertion = issuer.assertion(jti="race")

    answers = await asyncio.gather(
        *(ask_with_assertion(served, client, assertion) for _ in range(12))
    )

    assert sorted(each.status for each in answers) == [200] + [401] * 11


async def test_the_same_jti_of_another_issuer_or_a_refused_one_is_not_used(
    served: Served, tenant: Tenant, issuer: Issuer, client: MadeClient
) -> None:
    wrong = await ask_with_assertion(served, client, issuer.assertion(jti="three"), scope="admin")
    right = await ask_with_assertion(served, client, issuer.assertion(jti="three"))
    async with issuing() as another:
        other = await make_client(served, tenant, another)
        elsewhere = await ask_with_assertion(served, other, another.assertion(jti="three"))

    assert wrong.body["error"] == "invalid_scope"
    assert (right.status, elsewhere.status) == (200, 200)


async def test_used_assertions_are_forgotten_when_they_have_expired(
    served: Served, issuer: Issuer, client: MadeClient
) -> None:
    await served.owner.execute(
        "INSERT INTO service.used_assertions VALUES ('\\x01', now() - interval '1 second')"
    )

    await ask_with_assertion(served, client, issuer.assertion(jti="four"))

    old = "SELECT count(*) FROM service.used_assertions WHERE expires_at < now()"
    assert await served.owner.fetchval(old) == 0


async def test_the_client_id_may_be_the_subject(
    served: Served, tenant: Tenant, issuer: Issuer, client: MadeClient
) -> None:
    unnamed = MadeClient("", client.account_id, None)  # type: ignore[arg-type]

    answer = await ask_with_assertion(
        served, unnamed, issuer.assertion(sub=str(client.client_id), azp=SUBJECT)
    )

    assert answer.status == 200
    for subject in ("nobody", None, 7):
        assert refused(await ask_with_assertion(served, unnamed, issuer.assertion(sub=subject)))


async def test_a_client_is_found_by_its_id_and_its_kind(
    served: Served, tenant: Tenant, issuer: Issuer
) -> None:
    secret = await make_client(served, tenant)
    unknown = MadeClient(tenant.id, secret.account_id, None)

    answers = [
        refused(await ask_with_assertion(served, each, issuer.assertion()))
        for each in (secret, unknown)
    ]

    assert answers == ["The client id or its proof is wrong."] * 2


async def test_a_client_of_another_tenant_is_not_reached_by_this_issuer(
    served: Served, issuer: Issuer, other_organization: Tenant
) -> None:
    async with issuing() as another:
        theirs = await make_client(served, other_organization, another)

        assert "not of the issuer" in refused(
            await ask_with_assertion(served, theirs, issuer.assertion())
        )
        assert "signature" in refused(
            await ask_with_assertion(
                served, theirs, issuer.assertion(key=other_key(), iss=another.url)
            )
        )


async def test_the_log_says_which_audience_was_expected_and_which_came(
    served: Served, tenant: Tenant, issuer: Issuer, client: MadeClient
) -> None:
    async with logged(served, None) as (scim, lines):
        await ask_with_assertion(scim.served, client, issuer.assertion(aud="api://moved"))
        answer = await ask_with_assertion(
            scim.served, client, issuer.assertion(aud="api://forged", key=other_key())
        )

    moved, forged = lines.of("token_request_refused")
    assert moved["reason"] == "audience"
    assert moved["expected_audiences"] == [AUDIENCE, f"{AUDIENCE}/scim.example.com"]
    assert moved["received_audience"] == ["api://moved"]
    assert moved["client_id"] == str(client.client_id)
    assert forged["reason"] == "signature"  # Nobody vouches for what it says.
    assert "api://forged" not in lines
    assert AUDIENCE not in answer.body["error_description"]
