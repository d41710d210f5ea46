"""Authentication: from an Authorization header to the caller that it stands for (RFC 6750 §2.1)."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg

from projections.access import TokenState, find_token_state
from projections.borrow import borrowed
from schema.scim.definitions import GROUP, ROLE, user_type
from schema.scim.errors import Unauthorized, Unavailable
from schema.scim.resource_type import ResourceType
from service.decide.known import Caller
from service.keys import SigningKey
from service.tokens import Claims, decode_token, expired

FRESH_S = 0.5  # A revocation or deactivation takes effect everywhere within a second.
REMEMBERED_MAX = 10_000  # Tokens whose signature was checked already.
LOOKUP_TIMEOUT_S = 5.0
FAILURES = (  # Of a lookup: the token may be good, so the client is asked to try again.
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresError,
)


@dataclass(slots=True)
class CachedToken:
    """A token whose signature was checked, and what stood behind it when last looked up."""

    claims: Claims
    state: TokenState | None = None
    caller: "AuthenticatedCaller | None" = (
        None  # Made of that state at the first request; None where the token does not hold.
    )
    looked_up_at_s: float = float("-inf")
    lookup: asyncio.Task[None] | None = None


@dataclass(frozen=True, slots=True)
class AuthenticatedCaller:
    """Who makes a request: the caller for decisions, the token for provenance, the types they see."""

    caller: Caller
    token: TokenState
    user_type: ResourceType
    actor_id: str  # The account's, as events name it.
    scopes: frozenset[str]

    @property
    def resource_types(self) -> tuple[ResourceType, ...]:
        """Return the kinds of resource that the organization has."""
        return (self.user_type, GROUP, ROLE)


class Authenticator:
    """Knows the callers of valid tokens. Signatures are checked once, revocation every half second."""

    def __init__(self, pool: asyncpg.Pool, keys: Mapping[str, SigningKey]) -> None:
        self._pool = pool
        self._keys = keys
        self._cached: OrderedDict[str, CachedToken] = OrderedDict()

    async def authenticate(self, header: str | None) -> AuthenticatedCaller:
        """Return who a request comes from. Errors: Unauthorized, Unavailable."""
        token = _bearer(header)
        cached = self._cached.get(token)
        if cached is None:
            cached = self._remember(token, decode_token(token, self._keys, datetime.now(UTC)))
        expires_at = cached.claims.expires_at
        if expires_at and expires_at <= datetime.now(UTC):
            raise expired(expires_at)
        if time.monotonic() - cached.looked_up_at_s > FRESH_S:
            await self._look_up(cached)
        if cached.caller is None:
            cached.caller = _caller(cached.state, cached.claims)
        return cached.caller

    def _remember(self, token: str, claims: Claims) -> CachedToken:
        self._cached[token] = cached = CachedToken(claims)
        if len(self._cached) > REMEMBERED_MAX:
            self._cached.popitem(last=False)
        return cached

    async def _look_up(self, cached: CachedToken) -> None:
        """Look up a token once for all requests that wait for it."""
        if cached.lookup is None:
            cached.lookup = asyncio.create_task(self._find(cached))
        try:
            await asyncio.shield(cached.lookup)
        except FAILURES as error:
            raise Unavailable("The database cannot be reached: try again.") from error

    async def _find(self, cached: CachedToken) -> None:
        started = time.monotonic()
        try:
            async with borrowed(self._pool, timeout_s=LOOKUP_TIMEOUT_S) as connection:
                state = await find_token_state(connection, cached.claims.jti_hash)
            if state != cached.state:
                cached.state, cached.caller = state, None
            cached.looked_up_at_s = started
        finally:
            cached.lookup = None


def _bearer(header: str | None) -> str:
    scheme, _, token = (header or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthorized(
            "Send a token: the header Authorization: Bearer followed by it.", is_missing=True
        )
    return token.strip()


def _caller(state: TokenState | None, claims: Claims) -> AuthenticatedCaller:
    if state is None or state.account_id != claims.account_id:
        raise Unauthorized("The token is unknown.")
    if state.organization.id != claims.organization_id:
        raise Unauthorized("The token is unknown.")
    if state.revoked_at:
        raise Unauthorized(f"The token was revoked on {state.revoked_at:%Y-%m-%d at %H:%M:%S} UTC.")
    if not state.is_active:
        raise Unauthorized("The technical account of this token is deactivated; activate it.")
    if not state.is_entitled:
        raise Unauthorized("The technical account of this token is no longer an Administrator.")
    caller = Caller(state.organization, state.account_id, "scim")
    user_type_here = user_type(state.organization.schemas)
    actor_id = str(state.account_id)
    return AuthenticatedCaller(caller, state, user_type_here, actor_id, claims.scopes)
