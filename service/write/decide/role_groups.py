"""What role groups make of a change: who gets another role because a group, its name or the list changed. Pure."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple, cast
from uuid import UUID

from schema.events.event import Event
from schema.events.group import (
    MEMBERS_MAX,
    GroupChanged,
    GroupCreated,
    GroupDeleted,
    MembersAdded,
    MembersRemoved,
)
from schema.events.organization import Organization, RoleGroup
from schema.events.user import ExplicitRoleChanged, RoleAssigned, RoleIds, User
from schema.scim.text import fold
from service.write.decide.state import BatchState, Decision


class Giver(NamedTuple):
    """A group that gives a role."""

    group_id: UUID
    role_id: UUID


class Effective(NamedTuple):
    """The role that a user has, and the group that gives it; None: no group does."""

    role_id: UUID
    group_id: UUID | None


def givers_of(items: Iterable[RoleGroup], group_names: Mapping[str, UUID]) -> list[Giver]:
    """Return the groups of a list that exist, in its order. `group_names` are folded."""
    found = ((each.group_id or _named(each, group_names), each.role_id) for each in items)
    return [Giver(group_id, role_id) for group_id, role_id in found if group_id is not None]


def _named(item: RoleGroup, group_names: Mapping[str, UUID]) -> UUID | None:
    return group_names.get(fold(item.display_name or ""))


def effective_role(
    default_role_id: UUID,
    explicit: UUID | None,
    givers: Sequence[Giver],
    groups: Collection[UUID],
    *,
    explicit_wins: bool,
) -> Effective:
    """Return the role of a user whom requests gave one role, or none, and who is in some groups."""
    given = next((each for each in givers if each.group_id in groups), None)
    if given is None or (explicit is not None and explicit_wins):
        return Effective(explicit or default_role_id, None)
    return Effective(given.role_id, given.group_id)


def named_role_events(
    user: User,
    explicit: UUID | None,
    state: BatchState,
    organization: Organization,
    *,
    conflict: RoleIds | None,
) -> list[Event]:
    """Return the events of a request that names a role for a user, or (None) takes back the one it named."""
    if explicit == user.role_id:
        return []  # It repeats what the user has, as clients do.
    givers = givers_of(organization.role_groups, state.group_names)
    default = organization.default_role_id
    wanted = effective_role(
        default,
        explicit,
        givers,
        state.role_groups_of.get(user.id, ()),
        explicit_wins=organization.explicit_wins,
    )
    if wanted.role_id == user.role_id:
        is_same = explicit == user.explicit_role(default)
        return [] if is_same or not givers else [ExplicitRoleChanged(role_id=explicit)]
    is_stated = bool(givers) and (wanted.group_id is not None or explicit == default)
    return [
        RoleAssigned(
            role_id=wanted.role_id,
            previous_role_id=user.role_id,
            conflicting_role_ids=conflict,
            group_id=wanted.group_id,
            is_given_by_group=True if wanted.group_id else None,
            explicit_role_id=explicit if is_stated else None,
        )
    ]


def with_roles(decided: list[Decision], state: BatchState) -> list[Decision]:
    """Return decisions about a group with what they make of roles, all of one request.

    Members who leave a group that gives a role are marked as such. Before a group that gives a role is
    deleted, its members leave it: so their history and the guard see each of them.
    """
    organization = state.organization
    if organization is None or not organization.role_groups or not decided:
        return decided
    group_id = decided[-1].stream_id  # A group that is deleted first leaves its own groups.
    change = _Change(group_id, [each.event for each in decided if each.stream_id == group_id])
    after = givers_of(organization.role_groups, _names_after(change, state))
    place_before = _place(group_id, givers_of(organization.role_groups, state.group_names))
    place_after = _place(group_id, after)
    if place_before is None and place_after is None:
        return decided
    if place_before is not None:
        decided = _marked(decided, change, state)
    moved = change.users()
    if change.is_deleted or place_before != place_after:
        moved |= _user_members(group_id, state)
    roles = [
        decision
        for user_id in moved
        for decision in role_by_groups(
            user_id,
            change.groups_after(user_id, state.role_groups_of.get(user_id, ())),
            after,
            state,
            cause=group_id,
            explicit_wins=organization.explicit_wins,
        )
    ]
    if change.is_deleted:
        return [*decided[:-1], *roles, decided[-1]]
    return [*decided, *roles]


class _Change:
    """What the events of one request do to one group."""

    def __init__(self, group_id: UUID, events: Sequence[Event]) -> None:
        self.group_id = group_id
        self.joined: dict[UUID, None] = {}
        self.left: dict[UUID, None] = {}
        self.name: str | None = None  # The new one; None: it stays.
        self.is_deleted = False
        for each in events:
            self._add(each)

    def _add(self, event: Event) -> None:
        if isinstance(event, MembersAdded) and event.member_type == "User":
            self.joined |= dict.fromkeys(event.members)
        elif isinstance(event, MembersRemoved) and event.member_type == "User":
            self.left |= dict.fromkeys(event.members)
        elif isinstance(event, GroupCreated | GroupChanged):
            self.name = (event.values or {}).get("displayName") or self.name
        elif isinstance(event, GroupDeleted):
            self.is_deleted = True

    def users(self) -> dict[UUID, None]:
        """Return the users who joined or left."""
        return self.joined | self.left

    def groups_after(self, user_id: UUID, before: Collection[UUID]) -> set[UUID]:
        """Return the groups of a user after the change."""
        after = set(before)
        if user_id in self.joined:
            after.add(self.group_id)
        if user_id in self.left or self.is_deleted:
            after.discard(self.group_id)
        return after


def _names_after(change: _Change, state: BatchState) -> Mapping[str, UUID]:
    if change.name is None and not change.is_deleted:
        return state.group_names
    names = {name: each for name, each in state.group_names.items() if each != change.group_id}
    return names | ({fold(change.name): change.group_id} if change.name else {})


def _place(group_id: UUID, givers: Sequence[Giver]) -> tuple[int, UUID] | None:
    """Return the place of a group in the list and its role; None if the list does not name it."""
    return next(
        ((index, each.role_id) for index, each in enumerate(givers) if each.group_id == group_id),
        None,
    )


def _user_members(group_id: UUID, state: BatchState) -> dict[UUID, None]:
    group = state.group(group_id)
    members = group.members if group else {}
    return {each: None for each, kind in members.items() if kind == "User"}


def _marked(decided: list[Decision], change: _Change, state: BatchState) -> list[Decision]:
    """Return decisions in which users who leave the group are marked as leaving a role group."""
    marked = [
        Decision(each.stream_id, _as_role_group(each.event))
        if each.stream_id == change.group_id
        else each
        for each in decided
    ]
    if not change.is_deleted:
        return marked
    members = list(_user_members(change.group_id, state))
    gone = [
        Decision(change.group_id, MembersRemoved(members=tuple(some), takes_access=True))
        for some in _chunked(members)
    ]
    return [*marked[:-1], *gone, marked[-1]]


def _chunked(members: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    for begin in range(0, len(members), MEMBERS_MAX):
        yield members[begin : begin + MEMBERS_MAX]


def _as_role_group(event: Event) -> Event:
    if isinstance(event, MembersRemoved) and event.member_type == "User":
        return MembersRemoved(members=event.members, takes_access=True)
    return event


def role_by_groups(
    user_id: UUID,
    groups: Collection[UUID],
    givers: Sequence[Giver],
    state: BatchState,
    *,
    cause: UUID,
    explicit_wins: bool,
) -> list[Decision]:
    """Return the event that gives a user the role that its groups lead to; none if the user has it.

    Technical accounts keep their role: their tokens would stop working.
    """
    user, organization = state.anyone(user_id), cast("Organization", state.organization)
    assert user is not None, f"The role of user {user_id} was not loaded."
    if user.is_deleted or user_id in state.technical:
        return []
    default = organization.default_role_id
    explicit = user.explicit_role(default)
    wanted = effective_role(default, explicit, givers, groups, explicit_wins=explicit_wins)
    if wanted.role_id == user.role_id:
        return []
    event = _assigned(
        wanted.role_id,
        user.role_id,
        wanted.group_id or cause,
        True if wanted.group_id else None,
        explicit,
    )
    return [Decision(user_id, event)]


@lru_cache(maxsize=256)
def _assigned(  # noqa: PLR0917 - in the order of the fields.
    role_id: UUID,
    previous_role_id: UUID,
    group_id: UUID,
    is_given_by_group: Literal[True] | None,
    explicit_role_id: UUID | None,
) -> RoleAssigned:
    """Return the event of a role; events never change, and a group of 100,000 has few different ones."""
    return RoleAssigned(
        role_id=role_id,
        previous_role_id=previous_role_id,
        group_id=group_id,
        is_given_by_group=is_given_by_group,
        explicit_role_id=explicit_role_id,
    )
