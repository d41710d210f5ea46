"""Decide what a command does to a user."""

from dataclasses import dataclass
from typing import assert_never
from uuid import UUID

from schema.events.event import Event, difference
from schema.events.group import MembersRemoved
from schema.events.organization import TOKEN_ROLE
from schema.events.user import (
    AccountDesignated,
    RoleAssigned,
    RoleIds,
    User,
    UserChanged,
    UserDeactivated,
    UserDeleted,
    UserLinked,
    UserProvisioned,
    UserReactivated,
    user_name_key,
)
from schema.scim.attributes import Document
from schema.scim.errors import InvalidValue, Mutability, NotFound, Uniqueness
from schema.scim.resource import require
from service.callers.caller import Caller
from service.write.commands import (
    CreateAccount,
    CreateUser,
    DeleteUser,
    PatchUser,
    ReplaceUser,
    UserCommand,
)
from service.write.decide.applied import applied
from service.write.decide.required_state import kind_of
from service.write.decide.role import (
    Assigned,
    assigned_role,
    default_role,
    effective_roles,
    named_roles,
    role_left,
    sent_roles,
)
from service.write.decide.role_groups import named_role_events
from service.write.decide.state import EVENT_COST, BatchState, Decision, check, decisions

OWN = ("active", "roleId")  # Not among a user's attributes: separate events change them.


def decide(command: UserCommand, state: BatchState, caller: Caller) -> list[Decision]:
    """Return the events that a command leads to; none if it changes nothing.

    Errors: NotFound, Uniqueness, InvalidValue, PreconditionFailed, Mutability, and those of PATCH.
    """
    match command:
        case CreateUser():
            return decisions(command.id, [_create(command, state, caller)])
        case CreateAccount():
            designated = AccountDesignated(listed_in_scim=command.listed_in_scim)
            return decisions(command.id, [_create(command, state, caller), designated])
        case ReplaceUser():
            user = _existing(command, state)
            wanted = _replaced(user, command, caller)
            return decisions(user.id, _change(user, wanted, state, caller))
        case PatchUser():
            user = _existing(command, state)
            wanted = _patched(user, command, state, caller)
            return decisions(user.id, _change(user, wanted, state, caller))
        case DeleteUser():
            return _delete(_existing(command, state), state, caller)
        case _:
            assert_never(command)


def _existing(command: ReplaceUser | PatchUser | DeleteUser, state: BatchState) -> User:
    user = state.user(command.id)
    if user is None:
        raise NotFound(f"There is no user {command.id}.")
    check(command.precondition, user.version)
    return user


def _create(command: CreateUser | CreateAccount, state: BatchState, caller: Caller) -> Event:
    document = command.document
    require(document, command.resource_type)
    key = user_name_key(document["userName"], kind_of(command))
    _refuse_taken(key, document["userName"], None, state)
    organization = state.organization or caller.organization
    named = effective_roles(document.get("roles"), organization)
    assigned = assigned_role(organization, document.get("roleId"), named)
    values = difference({}, _attributes(document))
    default = organization.default_role_id
    is_default_named = bool(organization.role_groups) and assigned.role_id == default
    return UserProvisioned(
        role_id=assigned.role_id or default,
        active=document.get("active", True),
        attributes=tuple(values),
        former_user_id=_former(document, key, state),
        conflicting_role_ids=assigned.conflict or None,
        explicit_role_id=default if is_default_named else None,
        values=values,
    )


def _former(document: Document, key: str, state: BatchState) -> UUID | None:
    """Return the deleted user who comes back, found by externalId, then userName."""
    by_external_id = state.former_external_ids.get(document.get("externalId", ""))
    return by_external_id or state.former_names.get(key)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The document and the role that a user has after a request."""

    document: Document
    role: Assigned


def _replaced(user: User, command: ReplaceUser, caller: Caller) -> Wanted:
    """Return the document and role after a PUT. If it leaves out roleId or active, they stay.

    RFC 7644 §3.5.1 lets us choose. A client that does not know roleId must not demote anybody.
    """
    document = {"active": user.active, **command.document}
    require(document, command.resource_type)
    named = effective_roles(document.get("roles"), caller.organization)
    changed = [each for each in command.role_ids if each.lower() != str(user.role_id)]
    if len(changed) > 1:
        raise InvalidValue("roleId is given under two names with different values; send it once.")
    role_text = changed[0] if changed else document.get("roleId")
    if document.get("roles") == user.attributes.get("roles"):
        named = set()  # The PUT repeats what GET returned, so only roleId can be a change.
    role = assigned_role(caller.organization, role_text, named)
    if role.role_id is None and "roles" in document and _is_withdrawn(user, document, caller):
        role = role_left(document.get("roles"), caller.organization)
    return Wanted(document, role)


def _is_withdrawn(user: User, document: Document, caller: Caller) -> bool:
    """Return whether a request removes the app role that a user's role came from, or may have come from."""
    before, after = user.attributes.get("roles"), document.get("roles")
    role_id = user.explicit_role(caller.organization.default_role_id) or user.role_id
    return (
        before != after
        and role_id in named_roles(before, caller.organization)
        and role_id not in named_roles(after, caller.organization)
    )


def _patched(user: User, command: PatchUser, state: BatchState, caller: Caller) -> Wanted:
    """Return the document and role after a PATCH."""
    operations = command.patch.operations
    former = _document(user)
    document = applied(former, operations, state.spending)
    document.setdefault("active", user.active)
    require(document, command.resource_type)
    named = effective_roles(sent_roles(operations, document.get("roles", [])), caller.organization)
    if not any(str(each.path) == "roleId" for each in operations):
        role = assigned_role(caller.organization, None, named)
        if role.role_id is None and _is_withdrawn(user, document, caller):
            role = role_left(document.get("roles"), caller.organization)
        return Wanted(document, role)
    if document.get("roles") == former.get("roles"):
        named = set()
    role = assigned_role(caller.organization, document.get("roleId"), named)
    # If roleId was removed and no other role named, the user has the default role again.
    return Wanted(document, role if role.role_id else default_role(caller.organization))


def _document(user: User) -> Document:
    return {**user.attributes, "active": user.active, "roleId": str(user.role_id)}


def _attributes(document: Document) -> Document:
    return {key: value for key, value in document.items() if key not in OWN}


def _change(user: User, wanted: Wanted, state: BatchState, caller: Caller) -> list[Event]:
    """Return the events that lead from a user to the wanted document and role."""
    document, active = wanted.document, wanted.document["active"]
    conflict = wanted.role.conflict or None
    roles = _role_events(user, wanted.role, state, caller)
    moved = next((each for each in roles if isinstance(each, RoleAssigned)), None)
    role_id = moved.role_id if moved else user.role_id
    is_ended = user.active and _may_hold_tokens(user.role_id, caller)
    if is_ended and not (active and _may_hold_tokens(role_id, caller)):
        _protect_account(user, state, caller)
    key = user_name_key(document["userName"], user.kind)
    _refuse_taken(key, document["userName"], user, state)
    events = _attribute_events(
        user, _attributes(document), caller, conflict=None if moved else conflict
    )
    events += roles
    if active != user.active:
        events.append(UserReactivated() if active else UserDeactivated())
    return events


def _role_events(user: User, assigned: Assigned, state: BatchState, caller: Caller) -> list[Event]:
    if assigned.role_id is None:
        return []
    organization = state.organization or caller.organization
    explicit = None if assigned.is_default else assigned.role_id
    conflict = assigned.conflict or None
    return named_role_events(user, explicit, state, organization, conflict=conflict)


def _attribute_events(
    user: User, attributes: Document, caller: Caller, *, conflict: RoleIds | None
) -> list[Event]:
    values = difference(user.attributes, attributes)
    events: list[Event] = []
    if caller.source == "scim" and user.is_made_by_hand and values.get("externalId"):
        events.append(UserLinked(values={"externalId": values.pop("externalId")}))
    if values:
        names = tuple(values)
        events.append(UserChanged(attributes=names, values=values, conflicting_role_ids=conflict))
    return events


def _delete(user: User, state: BatchState, caller: Caller) -> list[Decision]:
    """Return the events that delete a user, one also in the stream of each of its groups: their versions rise."""
    _protect_account(user, state, caller)
    removed = MembersRemoved(members=(user.id,), member_type="User")
    left = [Decision(group_id, removed) for group_id in state.groups_of(user.id)]
    state.spending.spend(len(left) * EVENT_COST)
    return [*left, Decision(user.id, UserDeleted())]


def _refuse_taken(key: str, user_name: str, user: User | None, state: BatchState) -> None:
    owner = state.user_names.get(key)
    if owner is not None and (user is None or owner != user.id):
        raise Uniqueness(
            f"userName {user_name!r} is taken by user {owner}; userName compares without case. "
            "Match that user and change it, or send another userName."
        )


def _may_hold_tokens(role_id: UUID, caller: Caller) -> bool:
    return caller.organization.role_name(role_id) == TOKEN_ROLE


def _protect_account(user: User, state: BatchState, caller: Caller) -> None:
    """Raise Mutability if SCIM would end a technical account: one whose tokens or OAuth clients are in use.

    The status is 400. RFC 7644 §3.12 has mutability for a change that the present state does not allow, and Entra takes
    403 for wrong credentials: it would stop all provisioning because one account is in its scope.
    """
    if user.id == caller.account_id:
        which = "This is the technical account whose token you use"
    elif caller.source == "scim" and user.id in state.holders:
        which = "This is a technical account, whose tokens are in use"
    else:
        return
    raise Mutability(
        f"{which}: over SCIM it cannot be deactivated, deleted or given another role than {TOKEN_ROLE}. "
        "Leave it out of provisioning, or let an administrator revoke its tokens first."
    )
