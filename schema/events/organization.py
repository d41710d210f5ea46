"""The events of an organization itself: its roles, its tokens, its OAuth clients, its own extension schemas."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from schema.events import client as clients
from schema.events.client import Client, ClientEvent
from schema.events.event import Event, Place
from schema.events.feed import FeedEvent
from schema.events.proof import (
    ProofEvent,
)
from schema.events.settings import SETTINGS

ROLE_NAMES = ("Administrator", "Editor", "Contributor", "Validator", "Reader")
DEFAULT_ROLE = "Reader"  # The role of a user created without one.
TOKEN_ROLE = "Administrator"  # noqa: S105 - the role that an account needs to hold tokens.

# If one request names several roles, the first of this list wins. Administrator is last, so that nobody
# becomes one by a conflict.
ROLE_PRECEDENCE = ("Editor", "Contributor", "Validator", "Reader", "Administrator")


class OrganizationRegistered(Event):
    """An organization was registered; `roles` maps the five role names to their UUIDs in it.

    Version 2 added `settings`: what holds from the beginning, where that is not the default.
    """

    schema_version: ClassVar[int] = 2
    name: str
    roles: Mapping[str, UUID]
    settings: Mapping[str, Any] = {}


class OrganizationRenamed(Event):
    """The organization has another name."""

    name: str


class OrganizationSuspended(Event):
    """No token of the organization is accepted until it is resumed. Its data stays."""

    reason: str  # As callers are refused with it.


class OrganizationResumed(Event):
    """Tokens of the organization are accepted again."""


class TokenIssued(Event):
    """A bearer token was issued; only a hash of its jti is stored. Version 2 added `allowed_networks`."""

    schema_version: ClassVar[int] = 2
    token_id: UUID
    jti_hash: str  # SHA-256 in hexadecimal.
    account_id: UUID
    label: str
    scope: str  # Names of scopes, separated by blanks.
    expires_at: datetime | None = None
    allowed_networks: tuple[str, ...] = ()  # In CIDR form; empty: from any address.


class TokenRotated(Event):
    """A bearer token has a successor, and is no longer accepted from an instant on."""

    token_id: UUID
    successor_id: UUID
    ends_at: datetime


class TokenRevoked(Event):
    """A bearer token is no longer accepted."""

    token_id: UUID


class RoleGroup(BaseModel):
    """An entry of the list of role groups: members of a group have a role. The group is named in one of two ways."""

    model_config = ConfigDict(
        frozen=True, alias_generator=to_camel, populate_by_name=True, extra="forbid"
    )
    role_id: UUID
    group_id: UUID | None = None
    display_name: str | None = None  # Compared as displayNames are; the group need not exist yet.


class RoleGroupsChanged(Event):
    """The list of role groups was saved. Of several groups that a user is in, the first in the list counts."""

    items: tuple[RoleGroup, ...]
    explicit_wins: bool  # A role that a request named counts more than one that a group gives.


class SchemaRegistered(Event):
    """An extension schema for the organization's users was registered, or attributes were added to one."""

    document: dict[str, Any]  # The Schema resource, as served at /Schemas (RFC 7643 §7).


class SettingsChanged(Event):
    """Settings of the organization were changed; None returns one to its default."""

    settings: dict[str, Any]  # By the names of schema/events/settings.py; only what changed.


class LegalHoldSet(Event):
    """Nobody may erase a person, or anybody of the organization, until the hold is lifted."""

    reason: str  # It is public, and names nobody.
    subject_id: UUID | None = None  # None: the whole organization.


class LegalHoldLifted(Event):
    """A legal hold no longer stands."""

    reason: str
    subject_id: UUID | None = None


class OrganizationErased(Event):
    """The contract ended: every person was erased, and the organization is gone from the directory."""

    reason: str


OrganizationEvent = (
    OrganizationRegistered
    | OrganizationRenamed
    | OrganizationSuspended
    | OrganizationResumed
    | TokenIssued
    | TokenRotated
    | TokenRevoked
    | SchemaRegistered
    | SettingsChanged
    | LegalHoldSet
    | LegalHoldLifted
    | OrganizationErased
    | RoleGroupsChanged
    | ProofEvent
    | FeedEvent
    | ClientEvent
)


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token, as the log describes it."""

    id: UUID
    jti_hash: str
    account_id: UUID
    label: str
    scope: str
    issued_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None = None
    allowed_networks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Suspension:
    """Since when and why no token of an organization is accepted."""

    since: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Organization:
    """An organization, as its events describe it."""

    id: UUID
    version: int
    created_at: datetime
    name: str
    roles: Mapping[str, UUID]
    tokens: Mapping[UUID, Token] = field(default_factory=dict)
    schemas: Mapping[str, dict[str, Any]] = field(default_factory=dict)  # URN → Schema resource.
    clients: Mapping[UUID, Client] = field(default_factory=dict)  # OAuth clients.
    settings: Mapping[str, Any] = field(default_factory=dict)  # Only those that were chosen.
    is_erased: bool = False  # It has no row.
    suspension: "Suspension | None" = None
    role_groups: tuple[RoleGroup, ...] = ()  # The first that a user is in counts.
    explicit_wins: bool = True

    def role_name(self, role_id: UUID) -> str | None:
        """Return the name of a role; None if this organization does not have it."""
        for name, each in self.roles.items():
            if each == role_id:
                return name
        return None

    def setting(self, name: str) -> Any:
        """Return the value of a setting: the chosen one, or its default."""
        return self.settings.get(name, SETTINGS[name].default)

    def is_lower(self, role_id: UUID, other_role_id: UUID) -> bool:
        """Return whether a role permits less than another; a role that is not one of the five is no lower one."""
        names = (self.role_name(role_id), self.role_name(other_role_id))
        one, other = (ROLE_NAMES.index(name) if name in ROLE_NAMES else 0 for name in names)
        return one > other

    @property
    def default_role_id(self) -> UUID:
        """Return the id of the role that a user created without one gets."""
        return self.roles[DEFAULT_ROLE]


def evolve(  # noqa: C901 - one branch for each kind of event.
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
            settings=dict(event.settings),
        )
    assert organization is not None, f"{type(event).__name__} before OrganizationRegistered"
    after = replace(organization, version=place.version)
    match event:
        case OrganizationRenamed():
            after = replace(after, name=event.name)
        case OrganizationSuspended():
            after = replace(after, suspension=Suspension(place.recorded_at, event.reason))
        case OrganizationResumed():
            after = replace(after, suspension=None)
        case TokenIssued() | TokenRotated() | TokenRevoked():
            after = _with_token(after, _token(organization, event, place))
        case SchemaRegistered():
            schemas = {**organization.schemas, event.document["id"]: event.document}
            after = replace(after, schemas=schemas)
        case (
            clients.ClientRegistered()
            | clients.ClientSecretAdded()
            | clients.ClientSecretRevoked()
            | clients.ClientTrustChanged()
            | clients.ClientRevoked()
        ):
            after = replace(after, clients=clients.evolve(organization.clients, event, place))
        case SettingsChanged() | RoleGroupsChanged():
            after = _chosen(after, event)
        case OrganizationErased():
            after = replace(after, is_erased=True)
        case LegalHoldSet() | LegalHoldLifted():
            pass  # Who erases reads them from the log.
        case _ if isinstance(event, ProofEvent | FeedEvent):
            pass  # They say something about the log, and nothing about the organization.
        case _:
            raise AssertionError(event)
    return after


def _chosen(organization: Organization, event: SettingsChanged | RoleGroupsChanged) -> Organization:
    if isinstance(event, RoleGroupsChanged):
        return replace(organization, role_groups=event.items, explicit_wins=event.explicit_wins)
    chosen = {**organization.settings, **event.settings}
    settings = {name: value for name, value in chosen.items() if value is not None}
    return replace(organization, settings=settings)


def _with_token(organization: Organization, token: Token) -> Organization:
    return replace(organization, tokens={**organization.tokens, token.id: token})


def _token(
    organization: Organization, event: TokenIssued | TokenRotated | TokenRevoked, place: Place
) -> Token:
    if isinstance(event, TokenIssued):
        return _issued(event, place)
    former = organization.tokens[event.token_id]
    if isinstance(event, TokenRotated):
        return replace(former, expires_at=event.ends_at)
    return replace(former, revoked_at=place.recorded_at)


def _issued(event: TokenIssued, place: Place) -> Token:
    return Token(
        id=event.token_id,
        jti_hash=event.jti_hash,
        account_id=event.account_id,
        label=event.label,
        scope=event.scope,
        issued_at=place.recorded_at,
        expires_at=event.expires_at,
        allowed_networks=event.allowed_networks,
    )
