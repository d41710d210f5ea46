"""The events of an organization itself: its roles, its tokens, its own schemas."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from schema.events.event import Event, Place

ROLE_NAMES = ("Administrator", "Editor", "Contributor", "Validator", "Reader")
DEFAULT_ROLE = "Reader"  # Of a user created without a role.
TOKEN_ROLE = "Administrator"  # noqa: S105 - a role's name: that of an account that may hold tokens.

# Of several roles that one request names, the first of these: nobody is an Administrator by a conflict.
ROLE_PRECEDENCE = ("Editor", "Contributor", "Validator", "Reader", "Administrator")


class OrganizationRegistered(Event):
    """An organization came to be; `roles` maps each of the five names to its UUID here."""

    name: str
    roles: Mapping[str, UUID]


class TokenIssued(Event):
    """A bearer token was given out; only a hash of its jti is kept."""

    token_id: UUID
    jti_hash: str  # SHA-256 in hexadecimal.
    account_id: UUID
    label: str
    scope: str
    expires_at: datetime | None = None


class TokenRevoked(Event):
    """A bearer token is no longer accepted."""

    token_id: UUID


class SchemaRegistered(Event):
    """The organization's users have an extension more, or a registered one has attributes more."""

    document: dict[str, Any]  # The Schema resource, as served at /Schemas (RFC 7643 §7).


OrganizationEvent = OrganizationRegistered | TokenIssued | TokenRevoked | SchemaRegistered


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token as the log knows it."""

    id: UUID
    jti_hash: str
    account_id: UUID
    label: str
    scope: str
    issued_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Organization:
    """An organization as its events say."""

    id: UUID
    version: int
    created_at: datetime
    name: str
    roles: Mapping[str, UUID]
    tokens: Mapping[UUID, Token] = field(default_factory=dict)
    schemas: Mapping[str, dict[str, Any]] = field(default_factory=dict)  # URN → Schema resource.

    def role_name(self, role_id: UUID) -> str | None:
        """Return the name of a role, None for one that is not of this organization."""
        return next((name for name, each in self.roles.items() if each == role_id), None)

    @property
    def default_role_id(self) -> UUID:
        """Return the role of a user created without one."""
        return self.roles[DEFAULT_ROLE]


def evolve(
    organization: Organization | None, event: OrganizationEvent, place: Place
) -> Organization:
    """Return the organization after an event. Pure; every reader of the log uses it."""
    if isinstance(event, OrganizationRegistered):
        return Organization(
            id=place.stream_id,
            version=place.version,
            created_at=place.recorded_at,
            name=event.name,
            roles=dict(event.roles),
        )
    assert organization is not None, f"{type(event).__name__} before OrganizationRegistered"
    after = replace(organization, version=place.version)
    match event:
        case TokenIssued():
            return _with_token(after, _issued(event, place))
        case TokenRevoked():
            former = organization.tokens[event.token_id]
            return _with_token(after, replace(former, revoked_at=place.recorded_at))
        case SchemaRegistered():
            schemas = {**organization.schemas, event.document["id"]: event.document}
            return replace(after, schemas=schemas)
    raise AssertionError(event)


def _with_token(organization: Organization, token: Token) -> Organization:
    return replace(organization, tokens={**organization.tokens, token.id: token})


def _issued(event: TokenIssued, place: Place) -> Token:
    return Token(
        id=event.token_id,
        jti_hash=event.jti_hash,
        account_id=event.account_id,
        label=event.label,
        scope=event.scope,
        issued_at=place.recorded_at,
        expires_at=event.expires_at,
    )
