"""Which events take access from whom: the guard counts these."""

from typing import cast
from uuid import UUID

from schema.events.event import Event
from schema.events.group import MembersRemoved
from schema.events.hold import LossKind
from schema.events.user import RoleAssigned, UserDeactivated, UserDeleted

LOSSES: dict[type[Event], LossKind] = {
    UserDeleted: "deletion",
    UserDeactivated: "deactivation",
    MembersRemoved: "removal",
    RoleAssigned: "demotion",
}


def losses_of(stream_id: UUID, event: Event) -> tuple[tuple[UUID, ...], LossKind] | None:
    """Return the users who lose access by an event, and how; None for an event that says nothing of it."""
    kind = LOSSES.get(type(event))
    if kind is None or not getattr(event, "takes_access", None):
        return None
    return (cast("MembersRemoved", event).members if kind == "removal" else (stream_id,)), kind
