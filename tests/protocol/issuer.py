"""An issuer of assertions with real keys, on a socket of its own, that also misbehaves on demand."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from uuid import uuid4

import jwt
from aiohttp import web
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

AUDIENCE = "api://clm"
SUBJECT = "5b0c3f0e-1d3c-4b32-9a44-0a6b36a1a111"
RSA_KID, EC_KID = "rsa-1", "ec-1"


@cache
def rsa_key() -> rsa.RSAPrivateKey:
    """Return the RSA key of the run; making one takes a while."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def ec_key() -> ec.EllipticCurvePrivateKey:
    """Return the P-256 key of the run."""
    return ec.generate_private_key(ec.SECP256R1())


def public_jwk(key: Any, kid: str, **more: Any) -> dict[str, Any]:
    """Return the public part of a key as an issuer publishes it."""
    maker: Any = (
        jwt.algorithms.RSAAlgorithm
        if isinstance(key, rsa.RSAPrivateKey)
        else jwt.algorithms.ECAlgorithm
    )
    made: dict[str, Any] = maker.to_jwk(key.public_key(), as_dict=True)
    return {**{name: each for name, each in made.items() if name != "key_ops"}, "kid": kid, **more}


def pem_of(key: Any) -> bytes:
    """Return the public key as the text that a naive verifier would take for a shared secret."""
    pem: bytes = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return pem


@dataclass(slots=True)
class Issuer:
    """A running issuer. `keys` is what it publishes; `answers` counts how often it was asked for them."""

    origin: str
    keys: list[dict[str, Any]] = field(
        default_factory=lambda: [
            public_jwk(rsa_key(), RSA_KID, use="sig"),
            public_jwk(ec_key(), EC_KID, use="sig"),
        ]
    )
    name: str = field(default_factory=lambda: uuid4().hex)  # Another one has other cached keys.
    answers: int = 0
    status: int = 200
    wait_s: float = 0.0
    body: bytes | None = None  # In place of the keys.
    described_as: str | None = None

    @property
    def url(self) -> str:
        """Return the `iss` of its assertions."""
        return f"{self.origin}/{self.name}/v2.0"

    def claims(self, **changed: Any) -> dict[str, Any]:
        """Return the claims of a good assertion, with changes; None leaves a claim out."""
        now = datetime.now(UTC)
        claims = {
            "iss": self.url,
            "aud": AUDIENCE,
            "sub": SUBJECT,
            "iat": now,
            "nbf": now,
            "exp": now + timedelta(minutes=10),
            **changed,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def assertion(
        self,
        *,
        algorithm: str = "RS256",
        key: Any = None,
        headers: Mapping[str, Any] | None = None,
        **changed: Any,
    ) -> str:
        """Return an assertion."""
        own, kid = (ec_key(), EC_KID) if algorithm == "ES256" else (rsa_key(), RSA_KID)
        named = {"kid": kid, **(headers or {})}
        return jwt.encode(self.claims(**changed), key or own, algorithm, headers=named)


@asynccontextmanager
async def issuing() -> AsyncIterator[Issuer]:
    """Run an issuer for the duration of the block."""
    issuer = Issuer("")

    async def describe(_: web.Request) -> web.Response:
        described_as = issuer.described_as or issuer.url
        return web.json_response({"issuer": described_as, "jwks_uri": f"{issuer.url}/keys"})

    async def keys(_: web.Request) -> web.Response:
        issuer.answers += 1
        await asyncio.sleep(issuer.wait_s)
        if issuer.body is not None:
            return web.Response(body=issuer.body, content_type="application/json")
        headers = {"Location": "/elsewhere"} if issuer.status == 302 else {}
        return web.json_response({"keys": issuer.keys}, status=issuer.status, headers=headers)

    app = web.Application()
    app.router.add_get("/{name}/v2.0/.well-known/openid-configuration", describe)
    app.router.add_get("/{name}/v2.0/keys", keys)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    issuer.origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield issuer
    await runner.cleanup()
