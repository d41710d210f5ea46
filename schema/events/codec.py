"""Events ↔ what the log stores: a type, a version, a public text, and personal bytes to seal."""

from functools import lru_cache
from typing import NamedTuple, cast, get_args

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
# Of these, few texts make up most of a log: the same role, the same attributes. They are short.
OFTEN_ALIKE = frozenset(get_args(user.UserEvent))


class UnknownEvent(Exception):
    """The log holds an event of a type or version that this release does not know; upgrade it."""


class Encoded(NamedTuple):
    """An event as the log stores it; `personal` is not sealed yet."""

    type: str
    schema_version: int
    data: str
    personal: bytes | None


def known_version(event_type: str) -> int:
    """Return the latest version of a type of event that this release knows, 0 for none."""
    kind = TYPES.get(event_type)
    return kind.schema_version if kind is not None else 0


def is_known(event_type: str, schema_version: int) -> bool:
    """Tell whether this release can read an event."""
    return schema_version <= known_version(event_type)


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
    if not is_known(event_type, schema_version):
        raise UnknownEvent(f"{event_type} version {schema_version} is unknown to this release.")
    kind = TYPES[event_type]
    if schema_version < kind.schema_version:
        facts = upcast(event_type, schema_version, kind.schema_version, orjson.loads(data))
        event = kind.model_validate(facts)
    else:
        event = (_read_often if kind in OFTEN_ALIKE else _read)(kind, data)
    return event if personal is None else _with_values(event, personal)


def _read(kind: type[Event], data: str) -> Event:
    # Straight from the text, past the wrapper of pydantic: a rebuild reads a million of them.
    event: Event = kind.__pydantic_validator__.validate_json(data)
    return event


# Events are never changed, so that one stands for all that are told by the same text.
_read_often = lru_cache(maxsize=1_024)(_read)


def _with_values(event: Event, personal: bytes) -> Event:
    """Return an event with its personal values: a copy, since the event may stand for others, too."""
    kind = type(event)
    assert kind in PERSONAL_EVENTS, f"{kind.__name__} has no personal part."
    made = kind.__new__(kind)
    # What a model is made of, without a look at each field again: model_copy takes twice as long.
    _put(made, "__dict__", {**event.__dict__, "values": orjson.loads(personal)})
    _put(made, "__pydantic_fields_set__", {*event.__pydantic_fields_set__, "values"})
    _put(made, "__pydantic_extra__", None)
    _put(made, "__pydantic_private__", None)
    return made


_put = object.__setattr__  # The models are frozen.
