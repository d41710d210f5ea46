"""Events ↔ what the log stores: a type, a version, a public text, and personal bytes to seal."""

from functools import lru_cache
from typing import NamedTuple, cast, get_args

import orjson

from schema.events import client, feed, group, hold, organization, proof, user
from schema.events.event import Event, PersonalEvent, Values
from schema.events.upcast import upcast

TYPES: dict[str, type[Event]] = {
    each.__name__: each
    for each in (
        user.UserProvisioned,
        user.UserChanged,
        user.UserLinked,
        user.RoleAssigned,
        user.ExplicitRoleChanged,
        user.UserDeactivated,
        user.UserReactivated,
        user.UserDeleted,
        user.UserErased,
        user.ReferenceErased,
        user.AccountDesignated,
        group.GroupCreated,
        group.GroupChanged,
        group.MembersAdded,
        group.MembersRemoved,
        group.GroupDeleted,
        organization.OrganizationRegistered,
        organization.OrganizationRenamed,
        organization.OrganizationSuspended,
        organization.OrganizationResumed,
        organization.TokenIssued,
        organization.TokenRotated,
        organization.TokenRevoked,
        organization.SchemaRegistered,
        client.ClientRegistered,
        client.ClientSecretAdded,
        client.ClientSecretRevoked,
        client.ClientTrustChanged,
        client.ClientRevoked,
        organization.SettingsChanged,
        organization.LegalHoldSet,
        organization.LegalHoldLifted,
        organization.OrganizationErased,
        proof.ProofBegun,
        proof.LogKeyChanged,
        proof.LogRestored,
        proof.AuditExported,
        proof.AuditRead,
        organization.RoleGroupsChanged,
        hold.GuardHeld,
        hold.UsersHeld,
        hold.HoldApproved,
        hold.HoldRejected,
        feed.WebhookCreated,
        feed.WebhookChanged,
        feed.TokenExpiring,
    )
}
# None in them returns a setting to its default.
NONE_HAS_A_MEANING: tuple[type[Event], ...] = (organization.SettingsChanged,)
PERSONAL = {"values"}  # The field of a PersonalEvent that is sealed.
# They are sealed under the key of the organization, and not under one of their stream.
SEALED_FOR_ORGANIZATION = frozenset({group.GroupCreated, group.GroupChanged, proof.AuditRead})
PERSONAL_EVENTS = frozenset(each for each in TYPES.values() if issubclass(each, PersonalEvent))
# These types of events are short, and a few texts of them make up most of a log: the same role, the same attributes.
OFTEN_ALIKE = frozenset(each.__name__ for each in get_args(user.UserEvent))


class UnknownEvent(Exception):
    """This release does not know the type or version of an event in the log; a later one may."""


class Encoded(NamedTuple):
    """An event as the log stores it; `personal` is not sealed yet, and None if the event has no values."""

    type: str
    schema_version: int
    data: str
    personal: bytes | None


def known_version(event_type: str) -> int:
    """Return the latest version of an event type that this release knows; 0 for an unknown type."""
    kind = TYPES.get(event_type)
    return kind.schema_version if kind is not None else 0


def is_known(event_type: str, schema_version: int) -> bool:
    """Return whether this release can read an event."""
    return schema_version <= known_version(event_type)


def encode(event: Event) -> Encoded:
    """Return an event as the log stores it."""
    kind = type(event)
    is_personal = kind in PERSONAL_EVENTS
    # The serializer is called directly, without pydantic's wrapper, as the validator is in `_read`.
    data = event.__pydantic_serializer__.to_json(
        event,
        by_alias=True,
        exclude_none=kind not in NONE_HAS_A_MEANING,
        exclude=PERSONAL if is_personal else None,
    ).decode()
    values = cast("PersonalEvent", event).values if is_personal else None
    personal = None if values is None else orjson.dumps(values)
    return Encoded(kind.__name__, event.schema_version, data, personal)


def decode(event_type: str, schema_version: int, data: str, personal: bytes | None) -> Event:
    """Return the event that the log stored. Errors: UnknownEvent.

    `personal` is already decrypted. It is None if the event has no personal part or its key was erased.
    """
    read = decode_alike if event_type in OFTEN_ALIKE else _read
    event = read(event_type, schema_version, data)
    return event if personal is None else _with_values(event, personal)


def _read(event_type: str, schema_version: int, data: str) -> Event:
    if not is_known(event_type, schema_version):
        raise UnknownEvent(f"{event_type} version {schema_version} is unknown to this release.")
    kind = TYPES[event_type]
    if schema_version < kind.schema_version:
        facts = upcast(event_type, schema_version, kind.schema_version, orjson.loads(data))
        return kind.model_validate(facts)
    # The validator is called directly, without pydantic's wrapper: a rebuild reads a million events.
    event: Event = kind.__pydantic_validator__.validate_json(data)
    return event


# Reads an event whose type is in OFTEN_ALIKE, without its personal values. Events are immutable, so equal texts can
# share one event.
decode_alike = lru_cache(maxsize=1_024)(_read)


def decode_values(event: Event, personal: bytes | None) -> Values | None:
    """Return the personal values of an event; None if it has none or they are erased."""
    if personal is None:
        return None
    kind = type(event)
    assert kind in PERSONAL_EVENTS, f"{kind.__name__} has no personal part."
    values: Values = orjson.loads(personal)
    return values


def _with_values(event: Event, personal: bytes) -> Event:
    """Return a copy of an event with its personal values; the event itself may be cached and shared."""
    values, kind = decode_values(event, personal), type(event)
    made = kind.__new__(kind)
    # The parts of a model are set directly, without validating each field again: model_copy takes twice as long.
    _put(made, "__dict__", {**event.__dict__, "values": values})
    _put(made, "__pydantic_fields_set__", {*event.__pydantic_fields_set__, "values"})
    _put(made, "__pydantic_extra__", None)
    _put(made, "__pydantic_private__", None)
    return made


_put = object.__setattr__  # The models are frozen.
