"""Decide what a command does to a group."""

from typing import assert_never

from schema.events.event import Event, difference
from schema.events.group import (
    Group,
    GroupChanged,
    GroupCreated,
    GroupDeleted,
    MembersRemoved,
)
from schema.scim.attributes import Document
from schema.scim.definitions import GROUP
from schema.scim.errors import InvalidValue, NotFound, Uniqueness
from schema.scim.resource import require
from schema.scim.text import fold
from service.write.commands import CreateGroup, DeleteGroup, GroupCommand, PatchGroup, ReplaceGroup
from service.write.decide.applied import applied
from service.write.decide.members import (
    apply_all,
    is_about_members,
    known_members,
    member_events,
    member_ids,
)
from service.write.decide.state import (
    EVENT_COST,
    MEMBER_COST,
    BatchState,
    Decision,
    check,
    decisions,
)


def decide(command: GroupCommand, state: BatchState) -> list[Decision]:
    """Return the events that a command leads to; none if it changes nothing.

    Errors: NotFound, Uniqueness, InvalidValue, PreconditionFailed, and those of PATCH.
    """
    match command:
        case CreateGroup():
            return decisions(command.id, _create(command, state))
        case ReplaceGroup():
            return decisions(command.id, _replace(_existing(command, state), command, state))
        case PatchGroup():
            return decisions(command.id, _patch(_existing(command, state), command, state))
        case DeleteGroup():
            return _delete(_existing(command, state), state)
        case _:
            assert_never(command)


def _existing(command: ReplaceGroup | PatchGroup | DeleteGroup, state: BatchState) -> Group:
    group = state.group(command.id)
    if group is None:
        raise NotFound(f"There is no group {command.id}.")
    check(command.precondition, group.version)
    return group


def _create(command: CreateGroup, state: BatchState) -> list[Event]:
    require(command.document, GROUP)
    _refuse_taken(command.document["displayName"], None, state)
    attributes = _attributes(command.document)
    members = known_members(_sent_ids(command.document), state.member_types, is_new=True)
    return [GroupCreated(values=difference({}, attributes)), *member_events(None, members)]


def _replace(group: Group, command: ReplaceGroup, state: BatchState) -> list[Event]:
    """Return the events of a PUT. If it leaves out `members`, they stay.

    A client may read a group with excludedAttributes=members and rename it by PUT; that must not empty it.
    """
    require(command.document, GROUP)
    events = _changed(group, _attributes(command.document), state)
    if "members" in command.document or command.is_emptied:
        state.spending.spend(len(group.members) * MEMBER_COST)
        members = known_members(_sent_ids(command.document), state.member_types)
        events += member_events(group, members)
    return _checked(group, events)


def _patch(group: Group, command: PatchGroup, state: BatchState) -> list[Event]:
    operations = command.patch.operations
    attributes = applied(
        group.attributes,
        [each for each in operations if not is_about_members(each)],
        state.spending,
    )
    require(attributes, GROUP)
    state.spending.spend(len(group.members) * MEMBER_COST)
    members = dict(group.members)
    about_members = filter(is_about_members, operations)
    apply_all(members, about_members, state.member_types, state.spending)
    return _checked(group, [*_changed(group, attributes, state), *member_events(group, members)])


def _changed(group: Group, attributes: Document, state: BatchState) -> list[Event]:
    _refuse_taken(attributes["displayName"], group, state)
    values = difference(group.attributes, attributes)
    return [GroupChanged(values=values)] if values else []


def _checked(group: Group, events: list[Event]) -> list[Event]:
    if any(group.id in getattr(event, "members", ()) for event in events):
        raise InvalidValue("members: a group cannot be a member of itself.")
    return events


def _delete(group: Group, state: BatchState) -> list[Decision]:
    removed = MembersRemoved(members=(group.id,), member_type="Group")
    left = [Decision(parent_id, removed) for parent_id in state.groups_of(group.id)]
    state.spending.spend(len(left) * EVENT_COST)
    return [*left, Decision(group.id, GroupDeleted())]


def _sent_ids(document: Document) -> list[str]:
    return member_ids(document.get("members", ()))


def _attributes(document: Document) -> Document:
    return {key: value for key, value in document.items() if key != "members"}


def _refuse_taken(display_name: str, group: Group | None, state: BatchState) -> None:
    owner = state.group_names.get(fold(display_name))
    if owner is not None and (group is None or owner != group.id):
        raise Uniqueness(
            f"displayName {display_name!r} is taken by group {owner}; it compares without case. "
            "Match that group and change it, or send another displayName."
        )
