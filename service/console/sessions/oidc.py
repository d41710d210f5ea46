"""Sign-in at an identity provider: OpenID Connect, authorization code with PKCE (OIDC Core §3.1, RFC 7636, RFC 9207).

Nothing is stored here: what a sign-in must remember is in a cookie of ten minutes, which only the same browser has.
"""

import asyncio
import hashlib
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import urlencode

import aiohttp
import jwt
import orjson
from pydantic import SecretStr

from schema.scim.errors import Forbidden, Unavailable
from service.callers.issuers import ANY_HOST, IssuerRules
from service.config import Settings
from service.console.sessions.store import FRESH
from service.encoding import base64url
from service.limits.read_at_most import PIECE_BYTES, read_at_most
from service.oauth.fetch import KeysUnavailable, KeysUnusable, fetch_json, text_at
from service.oauth.key_sets import ALGORITHMS, KeySets, PublicKey

COOKIE: Final = "scim_ledger_oidc"
AGE_S: Final = 600  # Of a sign-in that has begun.
TIMEOUT_S: Final = 10.0
DISCOVERED_FOR_S: Final = 3_600.0
BYTES_MAX: Final = 262_144
LEEWAY_S: Final = 60
PARTS: Final = 4
# The operator chose the issuer, so it may be in a private network; plain HTTP is for this machine alone.
RULES: Final = IssuerRules(frozenset({ANY_HOST}), may_be_private=True)
OK: Final = 200


class SignInRefused(Forbidden):
    """The sign-in at the identity provider does not lead into the console; `why` is for the page."""

    def __init__(self, why: str, detail: str) -> None:
        super().__init__(detail)
        self.why = why


@dataclass(frozen=True, slots=True)
class Started:
    """What a sign-in that has begun must remember, as its cookie holds it."""

    state: str
    nonce: str
    verifier: str
    is_fresh: bool  # The person must prove anew who they are.

    @classmethod
    def new(cls, *, is_fresh: bool) -> "Started":
        """Return a sign-in that begins."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(PARTS - 1))
        return cls(state, nonce, verifier, is_fresh)

    @property
    def cookie(self) -> str:
        """Return the value of the cookie."""
        return ".".join((self.state, self.nonce, self.verifier, "1" if self.is_fresh else "0"))

    @classmethod
    def read(cls, cookie: str) -> "Started | None":
        """Return what a cookie holds; None if it is none of ours."""
        parts = cookie.split(".")
        if len(parts) != PARTS or not all(parts):
            return None
        return cls(parts[0], parts[1], parts[2], parts[3] == "1")

    @property
    def challenge(self) -> str:
        """Return the challenge that proves the verifier (RFC 7636 §4.2)."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64url(digest)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who the identity provider says it is."""

    claims: Mapping[str, Any]
    authenticated_at: datetime | None  # None: the issuer does not say.

    def text(self, name: str | None) -> str | None:
        """Return a claim that is a text; None if there is none."""
        value = self.claims.get(name) if name else None
        return value if isinstance(value, str) and value else None

    def texts(self, name: str | None) -> frozenset[str]:
        """Return a claim that is a list of texts, or one text."""
        value = self.claims.get(name) if name else None
        found = value if isinstance(value, list) else [value]
        return frozenset(each for each in found if isinstance(each, str))


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where an issuer serves what a sign-in needs."""

    authorization: str
    token: str


class Oidc:
    """Signs people in at one issuer."""

    def __init__(
        self,
        issuer: str,
        client_id: str,
        secret: SecretStr | None,
        *,
        scopes: str,
        person_claim: str,
        user_name_claim: str | None,
        organization_claim: str | None,
        roles_claim: str | None,
    ) -> None:
        self.issuer, self._client_id, self._secret = issuer, client_id, secret
        self._scopes = scopes
        self.person_claim, self.user_name_claim = person_claim, user_name_claim
        self.organization_claim, self.roles_claim = organization_claim, roles_claim
        self._key_sets = KeySets(RULES)
        self._endpoints: tuple[float, Endpoints] | None = None

    @classmethod
    def of(cls, settings: Settings) -> "Oidc | None":
        """Return what signs in at the issuer of the settings; None if they name none."""
        if settings.oidc_issuer is None or settings.oidc_client_id is None:
            return None
        return cls(
            settings.oidc_issuer,
            settings.oidc_client_id,
            settings.oidc_client_secret,
            scopes=settings.oidc_scopes,
            person_claim=settings.oidc_person_claim,
            user_name_claim=settings.oidc_user_name_claim,
            organization_claim=settings.oidc_organization_claim,
            roles_claim=settings.oidc_roles_claim,
        )

    async def address(self, started: Started, redirect_uri: str) -> str:
        """Return where the browser goes to sign in. Errors: Unavailable."""
        endpoint = (await self._discovered()).authorization
        asked = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": redirect_uri,
            "scope": self._scopes,
            "state": started.state,
            "nonce": started.nonce,
            "code_challenge": started.challenge,
            "code_challenge_method": "S256",
        }
        if started.is_fresh:
            asked |= {"prompt": "login", "max_age": "0"}
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(asked)}"

    async def finish(
        self, started: Started | None, query: Mapping[str, str], redirect_uri: str
    ) -> SignedIn:
        """Return who has signed in, from the address that the browser came back to.

        Errors: SignInRefused; Unavailable if the issuer does not answer.
        """
        state = query.get("state", "")
        if started is None or not secrets.compare_digest(state.encode(), started.state.encode()):
            raise SignInRefused("begin", "The sign-in did not begin in this browser, or long ago.")
        if query.get("iss", self.issuer) != self.issuer:
            raise SignInRefused("issuer", "Another issuer answers than the one that was asked.")
        if "error" in query or not query.get("code"):
            raise SignInRefused("provider", "The identity provider did not sign in.")
        token = await self._redeem(query["code"], started.verifier, redirect_uri)
        claims = await self._verified(token)
        if not secrets.compare_digest(str(claims.get("nonce")).encode(), started.nonce.encode()):
            raise SignInRefused("token", "The id token is of another sign-in.")
        found = SignedIn(claims, _instant(claims.get("auth_time")))
        if started.is_fresh and not _is_recent(found.authenticated_at):
            raise SignInRefused("fresh", "The identity provider did not ask for a sign-in again.")
        return found

    async def _discovered(self) -> Endpoints:
        if self._endpoints and time.monotonic() - self._endpoints[0] < DISCOVERED_FOR_S:
            return self._endpoints[1]
        try:
            async with asyncio.timeout(TIMEOUT_S):
                described = await fetch_json(
                    f"{self.issuer.rstrip('/')}/.well-known/openid-configuration", RULES
                )
            found = self._endpoints_in(described)
        except (KeysUnavailable, KeysUnusable, TimeoutError) as error:
            raise _unavailable(error) from error
        self._endpoints = (time.monotonic(), found)
        return found

    def _endpoints_in(self, described: Any) -> Endpoints:
        """Return the endpoints in the description of the issuer. Errors: KeysUnusable."""
        if text_at(described, "issuer") != self.issuer:
            raise KeysUnusable("The issuer describes itself by another name.")
        return Endpoints(
            text_at(described, "authorization_endpoint"), text_at(described, "token_endpoint")
        )

    async def _redeem(self, code: str, verifier: str, redirect_uri: str) -> str:
        """Return the id token for a code. Errors: SignInRefused, Unavailable."""
        fields = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "client_id": self._client_id,
            "code_verifier": verifier,
        }
        if self._secret is not None:
            fields["client_secret"] = self._secret.get_secret_value()
        endpoint = (await self._discovered()).token
        try:
            async with (
                aiohttp.ClientSession(
                    timeout=aiohttp.ClientTimeout(total=TIMEOUT_S),
                    cookie_jar=aiohttp.DummyCookieJar(),
                    headers={"Accept": "application/json"},
                ) as session,
                session.post(endpoint, data=fields, allow_redirects=False) as response,
            ):
                body = await read_at_most(response.content.iter_chunked(PIECE_BYTES), BYTES_MAX)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise _unavailable(error) from error
        try:
            answer = orjson.loads(body or b"")
        except orjson.JSONDecodeError:
            answer = None
        token = answer.get("id_token") if isinstance(answer, dict) else None
        if response.status != OK or not isinstance(token, str):
            raise SignInRefused("code", "The identity provider did not accept its own code.")
        return token

    async def _key(self, kid: str, algorithm: str) -> PublicKey:
        """Return the key that verifies an id token. Errors: SignInRefused, KeysUnavailable, KeysUnusable."""
        is_known = algorithm in ALGORITHMS
        found = await self._key_sets.find(self.issuer, kid, algorithm) if is_known else None
        if found is None:
            raise SignInRefused("token", "The id token is signed by no key of the issuer.")
        return found

    async def _verified(self, token: str) -> Mapping[str, Any]:
        """Return the claims of an id token (OIDC Core §3.1.3.7). Errors: SignInRefused, Unavailable."""
        try:
            head = jwt.get_unverified_header(token)
            kid, algorithm = str(head.get("kid")), str(head.get("alg"))
            key = await self._key(kid, algorithm)
            claims: Mapping[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                audience=self._client_id,
                issuer=self.issuer,
                leeway=LEEWAY_S,
                options={"require": ["exp", "iat", "sub", "aud", "iss"]},
            )
        except jwt.PyJWTError as error:
            raise SignInRefused("token", f"The id token is not accepted: {error}.") from error
        except (KeysUnavailable, KeysUnusable) as error:
            raise _unavailable(error) from error
        is_for_several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if claims.get("azp", self._client_id) != self._client_id or (
            is_for_several and "azp" not in claims
        ):
            raise SignInRefused("token", "The id token is for another client.")
        return claims


def _unavailable(error: BaseException) -> Unavailable:
    return Unavailable(
        f"The identity provider cannot be asked: {str(error) or type(error).__name__}"
    )


def _instant(value: Any) -> datetime | None:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def _is_recent(at: datetime | None) -> bool:
    return at is not None and datetime.now(UTC) - at <= FRESH
