"""Who last wrote each attribute of a user or a group: what its events say without their personal values."""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from schema.events import group, user
from schema.events.event import Event

ACTIVE, ROLE = "active", "roleId"  # Separate events change these two.


# Events that always write the same attribute.
ALWAYS: Mapping[type[Event], tuple[str, ...]] = {
    user.UserLinked: ("externalId",),
    user.RoleAssigned: (ROLE,),
    user.UserDeactivated: (ACTIVE,),
    user.UserReactivated: (ACTIVE,),
}
CauseT = TypeVar("CauseT")


def attribute_origins(events: Iterable[tuple[Event, CauseT]]) -> dict[str, CauseT]:
    """Return the cause of the last write of each attribute, by its path, from the events of one stream in order.

    An attribute of an extension has the path `URN:name`. An attribute that was removed keeps the event that removed it.
    """
    origins: dict[str, CauseT] = {}
    for event, cause in events:
        origins |= dict.fromkeys(written_attributes(event), cause)
    return origins


def written_attributes(event: Event) -> list[str]:
    """Return the attributes that an event writes, by their paths."""
    match event:
        case user.UserProvisioned():
            return [*event.attributes, ACTIVE, ROLE]
        case user.UserChanged():
            return list(event.attributes)
        case group.GroupCreated() | group.GroupChanged():
            return list(event.attributes)
        case _:
            return list(ALWAYS.get(type(event), ()))
