"""Decide what a command does to an organization: its registration, its name, its settings, its schemas."""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, assert_never
from uuid import UUID

from schema.events.event import Event
from schema.events.organization import (
    ROLE_NAMES,
    Organization,
    OrganizationRegistered,
    OrganizationRenamed,
    OrganizationResumed,
    OrganizationSuspended,
    RoleGroupsChanged,
    SchemaRegistered,
    SettingsChanged,
)
from schema.events.settings import SETTINGS, IllegalSetting, check_settings
from schema.scim.errors import Conflict, Forbidden, InvalidValue, NotFound, Uniqueness
from schema.scim.extension import check_extension, refuse_removal
from schema.scim.text import fold
from service.callers.caller import Caller
from service.write.commands import (
    ChangeRoleGroups,
    ChangeSettings,
    OrganizationCommand,
    RecordProof,
    RegisterOrganization,
    RegisterSchema,
    RenameOrganization,
    ResumeOrganization,
    SuspendOrganization,
)
from service.write.decide.role_groups import givers_of, role_by_groups
from service.write.decide.state import BatchState, Decision, decisions
from service.write.decide.text import invalid, refuse_control_characters

NAME_LENGTH_MAX = 200
ROLE_GROUPS_MAX = 200
ONCE_LISTED = "passwordInSchema"
OPERATORS = frozenset({"cli", "system"})  # Sources whose caller operates the service.


def decide(command: OrganizationCommand, state: BatchState, caller: Caller) -> list[Decision]:
    """Return the events that a command leads to; none if it changes nothing.

    Errors: InvalidValue, Uniqueness, NotFound, Forbidden, Conflict.
    """
    if isinstance(command, RegisterOrganization):
        return decisions(command.id, [_register(command, state)])
    if isinstance(command, ChangeRoleGroups):
        return _change_role_groups(command, state)
    events: list[Event]
    match command:
        case RegisterSchema():
            events = _register_schema(command, state)
        case RenameOrganization():
            events = _rename(command, state)
        case SuspendOrganization():
            events = _suspend(command, state)
        case ResumeOrganization():
            events = _resume(state)
        case ChangeSettings():
            events = _change_settings(command, state, caller)
        case RecordProof():
            existing(state)
            events = [command.event]
        case _:
            assert_never(command)
    return decisions(command.organization_id, events)


def _register(command: RegisterOrganization, state: BatchState) -> Event:
    if state.organization is not None:
        raise Uniqueness(f"Organization {command.id} exists already.")
    name = _checked_name(command.name)
    assert set(command.roles) == set(ROLE_NAMES)
    return OrganizationRegistered(name=name, roles=command.roles, settings=command.settings)


def _checked_name(sent: str) -> str:
    """Return a name without blanks around it. Errors: InvalidValue."""
    name = sent.strip()
    if not name or len(sent) > NAME_LENGTH_MAX:
        raise invalid("name", f"An organization's name has 1 to {NAME_LENGTH_MAX} characters.")
    refuse_control_characters("An organization's name", name, field="name")
    return name


def _rename(command: RenameOrganization, state: BatchState) -> list[Event]:
    return _renamed(existing(state), command.name)


def _renamed(found: Organization, sent: str) -> list[Event]:
    name = _checked_name(sent)
    return [] if found.name == name else [OrganizationRenamed(name=name)]


def _suspend(command: SuspendOrganization, state: BatchState) -> list[Event]:
    reason = command.reason.strip()
    if not reason or len(reason) > NAME_LENGTH_MAX:
        raise invalid("reason", f"A reason has 1 to {NAME_LENGTH_MAX} characters: callers read it.")
    refuse_control_characters("A reason", reason, field="reason")
    former = existing(state).suspension
    is_same = former is not None and former.reason == reason
    return [] if is_same else [OrganizationSuspended(reason=reason)]


def _resume(state: BatchState) -> list[Event]:
    return [OrganizationResumed()] if existing(state).suspension else []


def _register_schema(command: RegisterSchema, state: BatchState) -> list[Event]:
    document = check_extension(command.document)
    former = existing(state).schemas.get(document["id"])
    if former is not None:
        refuse_removal(former, document)
    return [] if former == document else [SchemaRegistered(document=document)]


def _change_settings(command: ChangeSettings, state: BatchState, caller: Caller) -> list[Event]:
    found = existing(state)
    former, wanted = found.settings, _merged(found, command.settings)
    try:
        check_settings(wanted)
    except IllegalSetting as error:
        refusal = InvalidValue(str(error))
        refusal.attribute = error.name
        raise refusal from error
    if operators := [name for name in command.settings if SETTINGS[name].is_operators]:
        _refuse_strangers(operators[0], caller)
    if command.settings.get(ONCE_LISTED) is False and existing(state).setting(ONCE_LISTED):
        raise invalid(
            ONCE_LISTED, f"{ONCE_LISTED} stays true: a listed attribute never disappears."
        )
    changed = {name: each for name, each in wanted.items() if former.get(name) != each}
    events: list[Event] = [SettingsChanged(settings=changed)] if changed else []
    return [*events, *([] if command.name is None else _renamed(found, command.name))]


def _merged(found: Organization, sent: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings as they are to be: what is sent of an object is merged into the present one (RFC 7396)."""
    return {name: _merge(name, value, found) for name, value in sent.items()}


def _merge(name: str, value: Any, found: Organization) -> Any:
    if not isinstance(value, dict) or name not in SETTINGS:
        return value
    default = SETTINGS[name].default
    if not isinstance(default, dict):
        return value
    # A member that is removed has its default again.
    present = found.setting(name)
    return present | {
        key: default.get(key) if each is None else each for key, each in value.items()
    }


def _change_role_groups(command: ChangeRoleGroups, state: BatchState) -> list[Decision]:
    """Return the events that save the list of role groups and give everybody the role that it leads to."""
    organization = existing(state)
    _check_role_groups(command, state)
    roles: list[Decision] | None = None
    if command.digest is not None:
        roles = _roles_of_list(command, state)
        if command.digest != role_groups_digest(command, state, roles):
            raise Conflict(
                "Something has changed since the preview. Look at a new preview, then save with its digest."
            )
    is_same = (command.items, command.explicit_wins) == (
        organization.role_groups,
        organization.explicit_wins,
    )
    if is_same:
        return []
    saved = RoleGroupsChanged(items=command.items, explicit_wins=command.explicit_wins)
    roles = _roles_of_list(command, state) if roles is None else roles
    return [Decision(organization.id, saved), *roles]


def _roles_of_list(command: ChangeRoleGroups, state: BatchState) -> list[Decision]:
    """Return the events that give another role to whoever is in a group of the list, or of the former one."""
    organization = existing(state)
    former = givers_of(organization.role_groups, state.group_names)
    givers = givers_of(command.items, state.group_names)
    causes: dict[UUID, UUID] = {}  # User → the first group that is the cause.
    for giver in (*givers, *former):
        group = state.group(giver.group_id)
        members = group.members if group else {}
        users = (each for each, kind in members.items() if kind == "User")
        for each in users:
            causes.setdefault(each, giver.group_id)
    return [
        decision
        for user_id, cause in causes.items()
        for decision in role_by_groups(
            user_id,
            state.role_groups_of.get(user_id, ()),
            givers,
            state,
            cause=cause,
            explicit_wins=command.explicit_wins,
        )
    ]


def role_groups_digest(
    command: ChangeRoleGroups, state: BatchState, roles: Iterable[Decision] | None = None
) -> str:
    """Return a digest of what saving a list would change now: another one means that something has changed.

    `roles` are the events that give people other roles, if they are known already.
    """
    organization = existing(state)
    roles = _roles_of_list(command, state) if roles is None else roles
    facts = (
        organization.role_groups,
        organization.explicit_wins,
        command.items,
        command.explicit_wins,
        _sum_of(roles),
    )
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def _sum_of(roles: Iterable[Decision]) -> int:
    """Return a number of a set of events that does not depend on their order.

    There may be 100,000 of them, and to sort or to hash them all by one call would stop the event loop.
    """
    known: dict[int, str] = {}  # By the identity of an event: most people have the same one.
    total = 0
    for stream_id, event in roles:
        text = known.get(id(event)) or known.setdefault(id(event), repr(event))
        digest = hashlib.sha256(f"{stream_id} {text}".encode()).digest()
        total += int.from_bytes(digest, "big")
    return total


def _check_role_groups(command: ChangeRoleGroups, state: BatchState) -> None:
    if len(command.items) > ROLE_GROUPS_MAX:
        raise InvalidValue(f"The list has at most {ROLE_GROUPS_MAX} role groups.")
    seen: set[UUID | str] = set()
    for number, each in enumerate(command.items):
        place_in_list = f"items/{number}"
        if (each.group_id is None) == (not (each.display_name or "").strip()):
            raise invalid(
                place_in_list, "A role group is named by its groupId or by its displayName."
            )
        if existing(state).role_name(each.role_id) is None:
            raise invalid(f"{place_in_list}/role", f"There is no role {each.role_id}.")
        if each.group_id is not None and state.group(each.group_id) is None:
            raise invalid(f"{place_in_list}/groupId", f"There is no group {each.group_id}.")
        name = fold(each.display_name or "")
        place = each.group_id or state.group_names.get(name) or name
        if place in seen:
            raise invalid(
                place_in_list,
                f"Group {each.group_id or each.display_name!r} is in the list twice; the first would count.",
            )
        seen.add(place)


def _refuse_strangers(name: str, caller: Caller) -> None:
    """Raise Forbidden if a setting is the operator's, and the caller is somebody else."""
    if caller.source in OPERATORS:
        return
    refusal = Forbidden(f"Only the operator of the service changes the setting {name}.")
    refusal.attribute = name
    raise refusal


def existing(state: BatchState) -> Organization:
    """Return the organization. Errors: NotFound."""
    if state.organization is None:
        raise NotFound("There is no such organization.")
    return state.organization
