"""The events of a group, and the state they add up to."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, ClassVar, Literal
from uuid import UUID

from pydantic import model_validator

from schema.events.event import Event, PersonalEvent, Place, TakesAccess, with_values

MemberType = Literal["User", "Group"]
MEMBERS_MAX = 1_000  # In one event; a larger change becomes several events of one transaction.
MICROSECOND = timedelta(microseconds=1)


class _Named(PersonalEvent):
    """A fact that names a group. Its values are sealed under the key of the organization.

    Version 2 seals them, and added `attributes`: their names, which are public.
    """

    schema_version: ClassVar[int] = 2
    attributes: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _name_attributes(cls, facts: Any) -> Any:
        if isinstance(facts, dict) and facts.get("values") and "attributes" not in facts:
            return {**facts, "attributes": tuple(facts["values"])}
        return facts


class GroupCreated(_Named):
    """A group was created, without members."""


class GroupChanged(_Named):
    """Attributes changed; a value of None means that the attribute was removed."""


class MembersAdded(Event):
    """Members joined; none of them was a member before."""

    members: tuple[UUID, ...]
    member_type: MemberType = "User"


class MembersRemoved(Event):
    """Members left; each of them was a member before."""

    members: tuple[UUID, ...]
    member_type: MemberType = "User"
    takes_access: TakesAccess = None  # True: they left a role group.


class GroupDeleted(Event):
    """The group and its memberships are gone, and its name is free again; its history stays."""


GroupEvent = GroupCreated | GroupChanged | MembersAdded | MembersRemoved | GroupDeleted


@dataclass(frozen=True, slots=True)
class Group:
    """A group, as its events describe it.

    `members` may hold only some of the members: a write loads those that it names, so its cost does not
    grow with the group. `member_count` always counts all of them.
    """

    id: UUID
    version: int
    created_at: datetime
    modified_at: datetime
    attributes: dict[str, Any]
    member_count: int = 0
    members: Mapping[UUID, MemberType] = field(default_factory=dict)
    is_deleted: bool = False

    def with_members(self, members: Mapping[UUID, MemberType]) -> "Group":
        """Return the group with other members loaded; `member_count` stays."""
        return Group(
            self.id,
            self.version,
            self.created_at,
            self.modified_at,
            self.attributes,
            self.member_count,
            members,
            self.is_deleted,
        )


def evolve(group: Group | None, event: GroupEvent, place: Place) -> Group:
    """Return the group after an event. Pure; every reader of the log uses it.

    It is written like `evolve` in user.py, for the same reasons of speed.
    """
    if type(event) is GroupCreated:
        return _created(event, place)
    assert group is not None, f"{type(event).__name__} before GroupCreated in {place.stream_id}"
    attributes, members, count = group.attributes, group.members, group.member_count
    modified_at = place.recorded_at
    if type(event) is MembersAdded:
        if is_made_with(group, place):
            modified_at = group.created_at
        members = {**members, **dict.fromkeys(event.members, event.member_type)}
        count += len(event.members)
    elif type(event) is MembersRemoved:
        left = set(event.members)
        members = {each: kind for each, kind in members.items() if each not in left}
        count -= len(left)
    elif type(event) is GroupChanged:
        attributes = with_values(attributes, event.values or {})
    elif type(event) is GroupDeleted:
        members, count = {}, 0
    else:
        raise AssertionError(event)
    return Group(
        group.id,
        place.version,
        group.created_at,
        modified_at,
        attributes,
        count,
        members,
        type(event) is GroupDeleted,
    )


def is_made_with(group: Group, place: Place) -> bool:
    """Return whether an event belongs to the creation of its group, and so does not modify it (RFC 7643 §3.1).

    A group that is created with members is several events of one batch, one microsecond apart. No other
    request can name the group before that batch is committed.
    """
    passed = place.recorded_at - group.created_at
    return group.modified_at == group.created_at and passed == (place.version - 1) * MICROSECOND


NOBODY: Mapping[UUID, MemberType] = MappingProxyType({})


def evolve_in_place(
    group: Group | None, event: GroupEvent, place: Place, members: dict[UUID, MemberType]
) -> Group:
    """Return the group after an event, without members: the loaded ones are in `members`, changed in place.

    Otherwise this is `evolve`. The cost of an event depends on the members that it names, not on those
    that the group has: a PUT of 100,000 members is 100 events.
    """
    former = group.with_members(NOBODY) if group and group.members else group
    after = evolve(former, event, place)
    if type(event) is MembersAdded:
        members.update(after.members)
    elif type(event) is MembersRemoved:
        for each in event.members:
            members.pop(each, None)
    elif type(event) is GroupDeleted:
        members.clear()
    return after.with_members(NOBODY) if after.members else after


def _created(event: GroupCreated, place: Place) -> Group:
    return Group(
        id=place.stream_id,
        version=place.version,
        created_at=place.recorded_at,
        modified_at=place.recorded_at,
        attributes=with_values({}, event.values or {}),
    )
