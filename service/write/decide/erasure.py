"""Decide about erasing people and organizations, and about legal holds."""

from typing import Any
from uuid import UUID

from schema.events.event import Values
from schema.events.organization import (
    LegalHoldLifted,
    LegalHoldSet,
    OrganizationErased,
)
from schema.events.user import ENTERPRISE, ReferenceErased, User, UserErased
from schema.scim.errors import Conflict, NotFound
from schema.scim.text import fold
from service.callers.caller import Caller
from service.write.commands import (
    DeleteUser,
    EraseOrganization,
    EraseUser,
    ErasureCommand,
    LiftLegalHold,
    SetLegalHold,
)
from service.write.decide import user as users
from service.write.decide.state import EVENT_COST, BatchState, Decision, decisions


class StillPeopled(Conflict):
    """The refusal to end a contract while somebody is left, whom nobody could erase afterwards."""


def decide(command: ErasureCommand, state: BatchState, caller: Caller) -> list[Decision]:
    """Return the events that a command leads to; none if it changes nothing. Errors: NotFound, Conflict."""
    organization = state.organization
    if organization is None:
        raise NotFound("There is no such organization.")
    match command:
        case EraseUser():
            return _erase(command, state, caller)
        case SetLegalHold():
            if command.subject_id is not None:
                _known(command.subject_id, state)
            made = LegalHoldSet(reason=command.reason, subject_id=command.subject_id)
            is_new = command.subject_id not in state.legal_holds
            return decisions(organization.id, [made] if is_new else [])
        case LiftLegalHold():
            if command.subject_id not in state.legal_holds:
                raise NotFound("There is no such legal hold.")
            lifted = LegalHoldLifted(reason=command.reason, subject_id=command.subject_id)
            return decisions(organization.id, [lifted])
        case EraseOrganization():
            refuse_held(None, state)
            if state.left:
                raise StillPeopled(
                    f"The organization still has {len(state.left):,} people and groups: erase and delete them first."
                )
            return decisions(organization.id, [OrganizationErased(reason=command.reason)])


def _erase(command: EraseUser, state: BatchState, caller: Caller) -> list[Decision]:
    person = _known(command.id, state)
    refuse_held(command.id, state)
    if command.id == caller.account_id:
        raise Conflict(
            "This is the account that you use: erase it on the command line, or from another account."
        )
    deleted: list[Decision] = []
    is_forced = not person.is_deleted
    if is_forced:
        if not command.is_forced:
            raise Conflict(
                f"User {command.id} is still in the directory: delete it first, at the identity provider too, or "
                "force the erasure, which deletes it at once."
            )
        deleted = users.decide(DeleteUser(command.id), state, caller)
    named = [
        Decision(other_id, event)
        for other_id in sorted(state.erasing.get(command.id, ()))
        if (event := _reference(other_id, command, state)) is not None
    ]
    state.spending.spend(len(named) * EVENT_COST)
    erased = UserErased(
        reason=command.reason,
        forced=True if is_forced else None,
        searches=command.searches or None,
    )
    return [*deleted, *named, Decision(command.id, erased)]


def _known(user_id: UUID, state: BatchState) -> User:
    state.user(user_id)  # It may not be parsed yet.
    person = state.users.get(user_id)
    if person is None:
        raise NotFound(f"There is no user {user_id}, and there never was one.")
    return person


def _reference(other_id: UUID, command: EraseUser, state: BatchState) -> ReferenceErased | None:
    """Return the event that takes the person's name from somebody else's values; None if they do not have it."""
    state.user(other_id)  # It may not be parsed yet.
    other = state.users.get(other_id)
    if other is None:
        return None
    manager = other.attributes.get(ENTERPRISE, {}).get("manager")
    is_whole = isinstance(manager, dict) and names_otherwise(manager, command.id, command.names)
    is_named = isinstance(manager, dict) and manager.get("value") == str(command.id)
    if not (is_whole or is_named or other.id in command.mentioned_by):
        return None
    if not is_whole and other.id not in command.mentioned_by and not _says_more(manager):
        return None
    return ReferenceErased(subject_id=command.id, whole=True if is_whole else None)


def _says_more(manager: Any) -> bool:
    return bool(manager.keys() - {"value", "$ref"})


def names_otherwise(manager: Values, person_id: UUID, names: frozenset[str]) -> bool:
    """Return whether a manager is named by a value of the person's instead of the id. `names` are folded."""
    value = manager.get("value")
    if value == str(person_id):
        return False
    if value:
        return fold(str(value)) in names
    return fold(str(manager.get("displayName") or "")) in names


def refuse_held(user_id: UUID | None, state: BatchState) -> None:
    """Raise Conflict if a legal hold stands: on a person or the organization; for None, any hold at all."""
    holds = state.legal_holds
    held = [None, user_id] if user_id is not None else list(holds)
    for each in held:
        if (hold := holds.get(each)) is None:
            continue
        what = "The organization" if each is None else f"User {each}"
        lift = "--all" if each is None else str(each)
        raise Conflict(
            f"{what} is under a legal hold, which {hold.actor_id} set on {hold.set_at:%Y-%m-%d} "
            f"({hold.reason}): nothing may be erased. Whoever is entitled to lifts it with "
            f"scim-ledger audit hold lift {lift} --reason …"
        )
