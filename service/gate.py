"""The gate: from an Authorization header to the caller that it stands for (RFC 6750 §2.1)."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg

from eventstore.postgres.outages import Outage, classify
from projections.access import Access, find_access
from projections.borrow import borrowed
from schema.scim.definitions import GROUP, ROLE, user_type
from schema.scim.errors import Unauthorized, Unavailable
from schema.scim.resource_type import ResourceType
from service.decide.known import Caller
from service.keys import SigningKey
from service.tokens import Claims, TokenRefused, decode_token, refuse_expired
from service.unavailable import unavailable

FRESH_S = 0.5  # A revocation or deactivation takes effect everywhere within a second.
NEVER = float("-inf")  # When a token was looked up that was not yet.
REMEMBERED_MAX = 10_000  # Tokens whose signature was checked already.
LOOKUP_TIMEOUT_S = 5.0


@dataclass(slots=True)
class Admitted:
    """A token whose signature was checked, and what stood behind it when last looked up."""

    claims: Claims
    access: Access | None = None
    visitor: "Visitor | None" = (
        None  # Made of that access, once somebody came; None where it does not hold.
    )
    looked_up_at_s: float = NEVER
    lookup: asyncio.Task[None] | None = None


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who makes a request: the caller for decisions, the token for provenance, the types they see."""

    caller: Caller
    access: Access
    user_type: ResourceType
    actor_id: str  # The account's, as events name it.

    @property
    def resource_types(self) -> tuple[ResourceType, ...]:
        """Return the kinds of resource that the organization has."""
        return (self.user_type, GROUP, ROLE)


class Gate:
    """Admits bearers of valid tokens. Signatures are checked once, revocation every half second."""

    def __init__(self, pool: asyncpg.Pool, keys: Mapping[str, SigningKey]) -> None:
        self._pool = pool
        self._keys = keys
        self._admitted: OrderedDict[str, Admitted] = OrderedDict()

    async def admit(self, header: str | None) -> Visitor:
        """Return who a request comes from. Errors: Unauthorized, Unavailable."""
        token = _bearer(header)
        admitted = self._admitted.get(token)
        if admitted is None:
            admitted = self._remember(token, decode_token(token, self._keys))
        await self._refuse_expired(admitted)
        if time.monotonic() - admitted.looked_up_at_s > FRESH_S:
            await self._look_up(admitted)
        if admitted.visitor is None:
            admitted.visitor = _visitor(admitted.access, admitted.claims)
        return admitted.visitor

    async def _refuse_expired(self, admitted: Admitted) -> None:
        """Raise TokenRefused for a token that has expired, with its id where that can be looked up."""
        expires_at, now = admitted.claims.expires_at, datetime.now(UTC)
        if expires_at is None or expires_at > now:
            return
        if admitted.looked_up_at_s == NEVER:
            with suppress(Unavailable):
                await self._look_up(admitted)
        token_id = admitted.access.token_id if admitted.access else None
        refuse_expired(admitted.claims, token_id, now)

    def _remember(self, token: str, claims: Claims) -> Admitted:
        self._admitted[token] = admitted = Admitted(claims)
        if len(self._admitted) > REMEMBERED_MAX:
            self._admitted.popitem(last=False)
        return admitted

    async def _look_up(self, admitted: Admitted) -> None:
        """Look up a token once for all requests that wait for it."""
        if admitted.lookup is None:
            admitted.lookup = asyncio.create_task(self._find(admitted))
        try:
            await asyncio.shield(admitted.lookup)
        except Exception as error:
            outage = classify(error)
            if outage is Outage.NONE:
                raise
            # The token may be good, so the client is asked to try again.
            raise unavailable(outage) from error

    async def _find(self, admitted: Admitted) -> None:
        started = time.monotonic()
        try:
            async with borrowed(self._pool, timeout_s=LOOKUP_TIMEOUT_S) as connection:
                access = await find_access(connection, admitted.claims.jti_hash)
            if access != admitted.access:
                admitted.access, admitted.visitor = access, None
            admitted.looked_up_at_s = started
        finally:
            admitted.lookup = None


def _bearer(header: str | None) -> str:
    scheme, _, token = (header or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthorized(
            "Send a token: the header Authorization: Bearer followed by it.", is_missing=True
        )
    return token.strip()


def _visitor(access: Access | None, claims: Claims) -> Visitor:
    is_known = (
        access is not None
        and access.account_id == claims.account_id
        and access.organization.id == claims.organization_id
    )
    if access is None or not is_known:
        raise TokenRefused("The token is unknown.", claims.organization_id, None)
    if reason := _reason(access):
        raise TokenRefused(reason, claims.organization_id, access.token_id)
    caller = Caller(access.organization, access.account_id, "scim")
    user_type_here = user_type(access.organization.schemas)
    return Visitor(caller, access, user_type_here, str(access.account_id))


def _reason(access: Access) -> str | None:
    """Return why a token that is known is not accepted, None where it is."""
    if access.revoked_at:
        return f"The token was revoked on {access.revoked_at:%Y-%m-%d at %H:%M:%S} UTC."
    if not access.is_active:
        return "The technical account of this token is deactivated; activate it."
    if not access.is_entitled:
        return "The technical account of this token is no longer an Administrator."
    return None
