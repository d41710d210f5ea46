"""The gate: from an Authorization header to the caller that it stands for (RFC 6750 §2.1)."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg

from projections.access import Access, find_access
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
class Admitted:
    """A token whose signature was checked, and what stood behind it when last looked up."""

    claims: Claims
    access: Access | None = None
    visitor: "Visitor | None" = (
        None  # Made of that access, once somebody came; None where it does not hold.
    )
    looked_up_at_s: float = float("-inf")
    lookup: asyncio.Task[None] | None = None


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who makes a request: the caller for decisions, the token for provenance, the types they see."""

    caller: Caller
    access: Access
    user_type: ResourceType
    actor_id: str  # The account's, as events name it.
    scopes: frozenset[str]

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
            admitted = self._remember(token, decode_token(token, self._keys, datetime.now(UTC)))
        expires_at = admitted.claims.expires_at
        if expires_at and expires_at <= datetime.now(UTC):
            raise expired(expires_at)
        if time.monotonic() - admitted.looked_up_at_s > FRESH_S:
            await self._look_up(admitted)
        if admitted.visitor is None:
            admitted.visitor = _visitor(admitted.access, admitted.claims)
        return admitted.visitor

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
        except FAILURES as error:
            raise Unavailable("The database cannot be reached: try again.") from error

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
    if access is None or access.account_id != claims.account_id:
        raise Unauthorized("The token is unknown.")
    if access.organization.id != claims.organization_id:
        raise Unauthorized("The token is unknown.")
    if access.revoked_at:
        raise Unauthorized(
            f"The token was revoked on {access.revoked_at:%Y-%m-%d at %H:%M:%S} UTC."
        )
    if not access.is_active:
        raise Unauthorized("The technical account of this token is deactivated; activate it.")
    if not access.is_entitled:
        raise Unauthorized("The technical account of this token is no longer an Administrator.")
    caller = Caller(access.organization, access.account_id, "scim")
    user_type_here = user_type(access.organization.schemas)
    return Visitor(caller, access, user_type_here, str(access.account_id), claims.scopes)
