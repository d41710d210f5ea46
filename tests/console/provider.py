"""A small OpenID Connect provider on a socket of its own: real codes, PKCE and signatures; it misbehaves on demand."""

import asyncio
import base64
import hashlib
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import aiohttp
import jwt
from aiohttp import web

from tests.console.client import Browser, Shown
from tests.protocol.issuer import RSA_KID, public_jwk, rsa_key

CLIENT, SECRET = "console", "of the console"
PIECE = 16_384  # Bytes.


@dataclass(slots=True)
class Provider:
    """A running provider. `claims` are those of whoever signs in."""

    issuer: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    key: Any = None  # In place of the published one.
    algorithm: str = "RS256"
    says_when: bool = True
    # Bytes that the answer to a code has beside the token; it then comes in pieces.
    padding: int = 0
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: dict[str, str] = field(default_factory=dict)  # The last request of a browser.

    def id_token(self, nonce: str) -> str:
        """Return an id token for whoever signs in."""
        now = datetime.now(UTC)
        claims = {"iss": self.issuer, "aud": CLIENT, "sub": "somebody", "nonce": nonce, "iat": now}
        claims |= {"exp": now + timedelta(minutes=5)}
        if self.says_when:
            claims["auth_time"] = int(now.timestamp())
        claims |= self.claims
        given = {name: value for name, value in claims.items() if value is not None}
        return jwt.encode(given, self.key or rsa_key(), self.algorithm, headers={"kid": RSA_KID})

    async def sign_in(self, browser: Browser, *, path: str = "/signin/oidc") -> Shown:
        """Go to the provider and back, as a browser does; return the answer of the console."""
        shown = await browser.get(path)
        assert shown.status == 303, shown.text
        async with (
            aiohttp.ClientSession() as session,
            session.get(shown.location, allow_redirects=False) as response,
        ):
            assert response.status == 302, await response.text()
            back = response.headers["Location"]
        return await browser.get(
            "/console" + back.partition("/console")[2], Sec_Fetch_Site="cross-site"
        )


async def in_pieces(request: web.Request, body: bytes) -> web.StreamResponse:
    """Answer with a body that comes in pieces, with pauses between them."""
    answer = web.StreamResponse(headers={"Content-Type": "application/json"})
    await answer.prepare(request)
    with suppress(ConnectionResetError):  # Whoever has read enough hangs up.
        for begin in range(0, len(body), PIECE):
            await answer.write(body[begin : begin + PIECE])
            await asyncio.sleep(0.01)
        await answer.write_eof()
    return answer


@asynccontextmanager
async def providing() -> AsyncIterator[Provider]:
    """Run a provider for the duration of the block."""
    provider = Provider()

    async def describe(_request: web.Request) -> web.Response:
        return web.json_response(
            {
                "issuer": provider.issuer,
                "authorization_endpoint": f"{provider.issuer}/authorize",
                "token_endpoint": f"{provider.issuer}/token",
                "jwks_uri": f"{provider.issuer}/keys",
            }
        )

    async def keys(_request: web.Request) -> web.Response:
        return web.json_response({"keys": [public_jwk(rsa_key(), RSA_KID, use="sig")]})

    async def authorize(request: web.Request) -> web.Response:
        asked = provider.asked = dict(request.query)
        assert (asked["client_id"], asked["response_type"]) == (CLIENT, "code")
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        provider.codes[code] = asked
        back = urlencode({"code": code, "state": asked["state"], "iss": provider.issuer})
        raise web.HTTPFound(f"{asked['redirect_uri']}?{back}")

    async def redeem(request: web.Request) -> web.StreamResponse:
        sent = await request.post()
        asked = provider.codes.pop(str(sent["code"]), None)
        digest = hashlib.sha256(str(sent["code_verifier"]).encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        is_right = (
            asked is not None
            and challenge == asked["code_challenge"]
            and sent["redirect_uri"] == asked["redirect_uri"]
            and (sent["client_id"], sent["client_secret"]) == (CLIENT, SECRET)
        )
        if asked is None or not is_right:
            return web.json_response({"error": "invalid_grant"}, status=400)
        token = provider.id_token(asked["nonce"])
        answer = {"access_token": "x", "token_type": "Bearer", "id_token": token}
        if not provider.padding:
            return web.json_response(answer)
        return await in_pieces(
            request, json.dumps({"x": "x" * provider.padding, **answer}).encode()
        )

    app = web.Application()
    app.router.add_get("/.well-known/openid-configuration", describe)
    app.router.add_get("/keys", keys)
    app.router.add_get("/authorize", authorize)
    app.router.add_post("/token", redeem)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    provider.issuer = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield provider
    await runner.cleanup()
