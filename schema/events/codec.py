"""Events ↔ what the log stores: a type, a version, a public text, and personal bytes to seal."""

from typing import NamedTuple, cast

import orjson

from schema.events import group, organization, user
from schema.events.event import Event, PersonalEvent
from schema.events.upcast import upcast

TYPES: dict[str, type[Event]] = {
    each.__name__: each
    for each in (
        user.UserProvisioned,
        user.UserChanged,
        user.UserLinked,
        user.RoleAssigned,
        user.UserDeactivated,
        user.UserReactivated,
        user.UserDeleted,
        group.GroupCreated,
        group.GroupChanged,
        group.MembersAdded,
        group.MembersRemoved,
        group.GroupDeleted,
        organization.OrganizationRegistered,
        organization.TokenIssued,
        organization.TokenRevoked,
        organization.SchemaRegistered,
    )
}
PERSONAL = {"values"}  # The field that holds what is sealed, of events that hold any.
PERSONAL_EVENTS = frozenset(each for each in TYPES.values() if issubclass(each, PersonalEvent))


class UnknownEvent(Exception):
    """The log holds an event of a type or version that this release does not know; upgrade it."""


class Encoded(NamedTuple):
    """An event as the log stores it; `personal` is not sealed yet."""

    type: str
    schema_version: int
    data: str
    personal: bytes | None


def encode(event: Event) -> Encoded:
    """Return what the log stores of an event."""
    is_personal = type(event) in PERSONAL_EVENTS
    # Past the wrapper of pydantic, as in decode.
    data = event.__pydantic_serializer__.to_json(
        event,
        by_alias=True,
        exclude_none=type(event) is not group.GroupChanged,
        exclude=PERSONAL if is_personal else None,
    ).decode()
    personal = orjson.dumps(cast("PersonalEvent", event).values) if is_personal else None
    return Encoded(type(event).__name__, event.schema_version, data, personal)


def decode(event_type: str, schema_version: int, data: str, personal: bytes | None) -> Event:
    """Return the event that the log stored; `personal` is opened, None where the key is gone.

    Errors: UnknownEvent.
    """
    kind = TYPES.get(event_type)
    if kind is None or schema_version > kind.schema_version:
        raise UnknownEvent(f"{event_type} version {schema_version} is unknown to this release.")
    if schema_version < kind.schema_version:
        facts = upcast(event_type, schema_version, kind.schema_version, orjson.loads(data))
        event = kind.model_validate(facts)
    else:
        # Straight from the text, past the wrapper of pydantic: a rebuild reads 100,000 events a second.
        event = kind.__pydantic_validator__.validate_json(data)
    return event if personal is None else _with_values(event, personal)


def _with_values(event: Event, personal: bytes) -> Event:
    """Return an event that was just made, and is nobody else's yet, with its personal values."""
    assert isinstance(event, PersonalEvent), f"{type(event).__name__} has no personal part."
    event.__dict__["values"] = orjson.loads(personal)
    event.model_fields_set.add("values")
    return event
