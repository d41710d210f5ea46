"""Authentication: from an Authorization header to a caller (RFC 6750 §2.1)."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Literal

import asyncpg

from eventstore.postgres.connection import Connection
from eventstore.postgres.pool import borrowed
from projections.directory.access import TokenState, find_client_state, find_token_state
from schema.scim.definitions import GROUP, ROLE, user_type
from schema.scim.errors import Unauthorized, Unavailable
from schema.scim.resource_type import ResourceType
from service.addresses import Network, read_address
from service.callers.access_tokens import (
    Claims,
    TokenRefused,
    UnknownKey,
    decode_token,
    refuse_expired,
)
from service.callers.caller import Caller
from service.callers.rates import Rates
from service.callers.scopes import granted
from service.callers.signing_keys import SigningKeys
from service.callers.stopped_logs import StoppedLogs
from service.callers.token_uses import TokenUses
from service.limits.rate import Bucket
from service.unavailable import unavailable_in_outages

AGING_S = 0.25  # Then a token in use is looked up again.
FRESH_S = 0.5  # A revocation or deactivation takes effect everywhere within a second.
SCHEME = "Bearer "
NEVER = float("-inf")  # For a token that was not looked up yet.
REMEMBERED_MAX = 10_000  # Tokens whose signature was checked.
LOOKUP_TIMEOUT_S = 5.0
Look = Callable[
    [str], Awaitable[bool]
]  # Look for a signing key by its id; whether it is known now.


@dataclass(slots=True)
class CachedToken:
    """A token whose signature was checked, and its state when it was last looked up."""

    claims: Claims
    state: TokenState | None = None
    caller: "AuthenticatedCaller | None" = (
        None  # Made of that state at the first request; None if the token is not accepted.
    )
    ends_at: datetime | None = None  # By its claims, or earlier if it was rotated.
    networks: tuple[Network, ...] = ()  # From which it is accepted; empty: from any address.
    looked_up_at_s: float = NEVER
    lookup: asyncio.Task[None] | None = None


@dataclass(frozen=True, slots=True)
class AuthenticatedCaller:
    """Who makes a request: the caller for decisions, the token for provenance, the visible resource types."""

    caller: Caller
    token: TokenState
    user_type: ResourceType
    actor_id: str  # The id of the account, as events name it.
    scopes: frozenset[str]  # All that the token grants.
    buckets: tuple[Bucket, ...] = ()  # The rate limits that its requests count for.

    @property
    def resource_types(self) -> tuple[ResourceType, ...]:
        """Return the resource types that the organization has."""
        return (self.user_type, GROUP, ROLE)


class Authenticator:
    """Finds the caller of a token. Signatures are checked once, revocation every half second."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        keys: SigningKeys,
        *,
        look: Look,
        uses: TokenUses | None = None,
        rates: Rates | None = None,
        stopped: StoppedLogs | None = None,
    ) -> None:
        self._pool = pool
        self._uses = uses or TokenUses()
        self._rates = rates or Rates()
        self._stopped = StoppedLogs() if stopped is None else stopped
        self._keys = keys
        self._look = look
        self._cached: OrderedDict[str, CachedToken] = OrderedDict()
        keys.on_change(self._cached.clear)  # A key that is retired may verify no more.

    async def authenticate(
        self, header: str | None, address: str | None = None
    ) -> AuthenticatedCaller:
        """Return who a request comes from. `address` is the client's. Errors: Unauthorized, Unavailable."""
        token = _bearer(header)
        cached = self._cached.get(token)
        if cached is None:
            cached = self._remember(token, await self._decode(token))
        await self._refuse_expired(cached)
        if time.monotonic() - cached.looked_up_at_s > FRESH_S:
            await self._look_up(cached)
            await self._refuse_expired(cached)
        caller = cached.caller
        if caller is None:
            caller = _caller(cached.state, cached.claims)
            buckets = self._rates.buckets(caller.caller.organization, caller.token.token_id)
            caller = cached.caller = replace(caller, buckets=buckets)
        if cached.networks:
            refuse_address(cached.networks, address, caller)
        self._stopped.refuse(cached.claims.organization_id)
        self._uses.note(caller.caller.organization.id, caller.token.token_id, address)
        return caller

    def find_fresh(
        self, header: str | None, address: str, *, renew: bool = False
    ) -> AuthenticatedCaller | None:
        """Return who a request comes from, if the token was looked up a moment ago and all is well; else None.

        None says nothing about the token: `authenticate` has to look. With `renew`, a token that is in use is looked
        up before that, so that no request waits.
        """
        if header is None or not header.startswith(SCHEME):
            return None
        cached = self._cached.get(header[len(SCHEME) :])
        if cached is None:
            return None
        age_s = time.monotonic() - cached.looked_up_at_s
        if age_s > FRESH_S:
            return None
        if renew and age_s > AGING_S and cached.lookup is None:
            self._begin_lookup(cached).add_done_callback(_note_end)
        caller, organization_id = cached.caller, cached.claims.organization_id
        if caller is None or cached.networks or organization_id in self._stopped:
            return None
        if cached.ends_at is not None and cached.ends_at <= datetime.now(UTC):
            return None
        self._uses.note(organization_id, caller.token.token_id, address)
        return caller

    async def _decode(self, token: str) -> Claims:
        """Return the claims of a token. One that an unknown key has signed may be newer than the keys here."""
        try:
            return decode_token(token, self._keys)
        except UnknownKey as unknown:
            with unavailable_in_outages():
                is_known = await self._look(unknown.kid)
            if not is_known:
                raise
            return decode_token(token, self._keys)

    async def _refuse_expired(self, cached: CachedToken) -> None:
        """Raise TokenRefused for an expired token, with its id if that can be looked up."""
        ends_at, now = cached.ends_at, datetime.now(UTC)
        if ends_at is None or ends_at > now:
            return
        if cached.looked_up_at_s == NEVER:
            with suppress(Unavailable):
                await self._look_up(cached)
        token_id = cached.state.token_id if cached.state else None
        refuse_expired(cached.claims, token_id, now, ends_at=ends_at)

    def _remember(self, token: str, claims: Claims) -> CachedToken:
        self._cached[token] = cached = CachedToken(claims, ends_at=claims.expires_at)
        if len(self._cached) > REMEMBERED_MAX:
            self._cached.popitem(last=False)
        return cached

    async def _look_up(self, cached: CachedToken) -> None:
        """Look up a token, once for all requests that wait for it."""
        lookup = cached.lookup or self._begin_lookup(cached)
        with unavailable_in_outages():  # The token may be valid: the client should try again.
            await asyncio.shield(lookup)

    def _begin_lookup(self, cached: CachedToken) -> asyncio.Task[None]:
        cached.lookup = asyncio.create_task(self._find(cached), name="token")
        return cached.lookup

    async def _find(self, cached: CachedToken) -> None:
        started = time.monotonic()
        try:
            async with borrowed(self._pool, timeout_s=LOOKUP_TIMEOUT_S) as connection:
                state = await _find_state(connection, cached.claims)
            if state != cached.state:
                cached.state, cached.caller = state, None
                ends = (cached.claims.expires_at, state.expires_at if state else None)
                cached.ends_at = min((each for each in ends if each), default=None)
                cached.networks = tuple(
                    ip_network(each) for each in (state.allowed_networks if state else ())
                )
            cached.looked_up_at_s = started
        finally:
            cached.lookup = None


def _note_end(lookup: asyncio.Task[None]) -> None:
    """Take note of a lookup that nobody waits for: if it failed, the next request looks and meets the error."""
    if not lookup.cancelled():
        lookup.exception()


def _bearer(header: str | None) -> str:
    scheme, _, token = (header or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthorized(
            "Send a token: the header Authorization: Bearer followed by it.", is_missing=True
        )
    return token.strip()


async def _find_state(connection: Connection, claims: Claims) -> TokenState | None:
    """Return what stands behind a token: its own row, or that of the client that it was issued to."""
    if claims.client_id is not None:
        return await find_client_state(connection, claims.client_id)
    return await find_token_state(connection, claims.jti_hash)


def _caller(state: TokenState | None, claims: Claims) -> AuthenticatedCaller:
    is_known = (
        state is not None
        and state.account_id == claims.account_id
        and state.organization.id == claims.organization_id
    )
    if state is None or not is_known:
        raise TokenRefused("The token is unknown.", claims.organization_id, None)
    if reason := reason_of(state, "client" if claims.client_id else "token"):
        raise TokenRefused(reason, claims.organization_id, state.token_id, reason=code_of(state))
    caller = Caller(state.organization, state.account_id, "scim")
    user_type_here = user_type(state.organization.schemas)
    actor_id = str(state.account_id)
    return AuthenticatedCaller(caller, state, user_type_here, actor_id, granted(claims.scopes))


def refuse_address(
    networks: tuple[Network, ...], address: str | None, caller: AuthenticatedCaller
) -> None:
    """Raise TokenRefused unless an address is in one of the networks."""
    if not is_within(address, networks):
        raise TokenRefused(
            f"The token is not accepted from the address {address or '(none)'}: its networks are "
            f"{', '.join(map(str, networks))}.",
            caller.caller.organization.id,
            caller.token.token_id,
            reason="network",
        )


def is_within(address: str | None, networks: tuple[Network, ...]) -> bool:
    """Return whether an address is in one of some networks. An IPv4 address may be written as IPv6."""
    found = read_address(address or "")
    return found is not None and any(found in each for each in networks)


def code_of(state: TokenState) -> str:
    """Return why a known token is not accepted, for metrics."""
    if state.organization.suspension:
        return "suspended"
    if state.revoked_at:
        return "revoked"
    return "not_administrator" if state.is_active else "account_inactive"


def reason_of(state: TokenState, what: Literal["token", "client"]) -> str | None:
    """Return why a known token, or what a known client has, is not accepted; None if it is accepted."""
    if suspension := state.organization.suspension:
        return (
            f"The organization is suspended since {suspension.since:%Y-%m-%d}: {suspension.reason}"
        )
    if state.revoked_at:
        return f"The {what} was revoked on {state.revoked_at:%Y-%m-%d at %H:%M:%S} UTC."
    if not state.is_active:
        return f"The technical account of this {what} is deactivated; activate it."
    if not state.is_entitled:
        return f"The technical account of this {what} is no longer an Administrator."
    return None
