"""Read the members in a request: which ids it names, and whether it needs all members to be loaded."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import assert_never
from uuid import UUID

from schema.events.group import MEMBERS_MAX, Group, MembersAdded, MembersRemoved, MemberType
from schema.scim.attributes import Document
from schema.scim.budget import Spending
from schema.scim.errors import InvalidFilter, InvalidValue
from schema.scim.filter.parse import (
    And,
    Comparison,
    Filter,
    Not,
    Operator,
    Or,
    Present,
    ValuePath,
)
from schema.scim.filter.predicate import selector
from schema.scim.patch.cost import OPERATION_COST, filter_cost
from schema.scim.patch.operations import Kind, Operation
from service.ids import as_id

SELECTING = ("value", "type")  # What a value path in a PATCH may compare members by.
ID_COST = 3  # Units of a budget for each id that an operation lists.
MEMBER_WEIGHT = 3  # Of a member that a filter looks at: its id and its type.
NAMED_MAX = 10  # So many unknown ids are named in a refusal.


def member_ids(elements: Iterable[Document]) -> list[str]:
    """Return the ids in values of `members`. Errors: InvalidValue for an element without an id."""
    ids = [each.get("value") for each in elements]
    if None in ids:
        raise InvalidValue("Each of members needs a value: the id of a user or group.")
    return [each for each in ids if each is not None]


def is_about_members(operation: Operation) -> bool:
    """Return whether an operation targets the members of a group."""
    return operation.path.attribute.name == "members"


@dataclass(frozen=True, slots=True)
class Mention:
    """The ids that an operation names, and whether it may also touch every other member."""

    ids: list[str]
    is_of_everyone: bool


def mention(operation: Operation) -> Mention:
    """Return which members must be loaded before an operation can be applied."""
    if operation.path.filter is not None:
        compared = _compared_ids(operation.path.filter)
        return Mention([*(compared or ()), *_value_ids(operation)], compared is None)
    is_of_everyone = operation.kind is Kind.REPLACE or (
        operation.kind is Kind.REMOVE and operation.value is None
    )
    return Mention(_value_ids(operation), is_of_everyone)


def _value_ids(operation: Operation) -> list[str]:
    """Return the ids in the value of an operation."""
    return member_ids(operation.value or ())


def _compared_ids(chosen: Filter) -> list[str] | None:
    """Return the ids that a filter compares members with, or None if it looks at anything else."""
    match chosen:
        case Comparison(path, Operator.EQ, value) if path.target.name == "value":
            return [str(value)]
        case And(terms) | Or(terms):
            parts = [_compared_ids(term) for term in terms]
            known = [part for part in parts if part is not None]
            is_enough = bool(known) if isinstance(chosen, And) else len(known) == len(parts)
            return [each for part in known for each in part] if is_enough else None
        case _:
            return None


def parse_ids(texts: Iterable[str]) -> list[UUID]:
    """Return the texts that are ids in our form; all others are unknown anyway."""
    return [each for each in map(as_id, texts) if each is not None]


def apply_all(
    current: dict[UUID, MemberType],
    operations: Iterable[Operation],
    member_types: dict[UUID, MemberType],
    spending: Spending,
) -> None:
    """Change members in place by operations, in order; each is paid for before it is applied.

    Errors: InvalidValue, InvalidFilter, PayloadTooLarge.
    """
    for operation in operations:
        spending.spend(_cost(current, operation))
        _apply(current, operation, member_types)


def _cost(current: dict[UUID, MemberType], operation: Operation) -> int:
    """Return the cost of an operation on members, in units of a budget."""
    units = OPERATION_COST + ID_COST * len(operation.value or ())
    chosen = operation.path.filter
    if chosen is None:
        is_of_everyone = operation.kind is Kind.REPLACE or operation.value is None
        return units + (len(current) if is_of_everyone else 0)
    compared = _compared_ids(chosen)
    examined = len(current) if compared is None else len(compared)
    return units + filter_cost(chosen, examined, MEMBER_WEIGHT * examined)


def _apply(
    current: dict[UUID, MemberType], operation: Operation, member_types: dict[UUID, MemberType]
) -> None:
    if operation.kind is Kind.REMOVE:
        for each in _leaving(current, operation):
            del current[each]
        return
    joining = known_members(_value_ids(operation), member_types)
    if operation.kind is Kind.REPLACE:
        # RFC 7644 §3.5.2.3: the values that a path selects are replaced.
        for each in _selected(current, operation.path.filter):
            del current[each]
    elif operation.path.filter is not None:
        _refuse_unknown(operation.path.filter)
    current.update(joining)


def _leaving(current: dict[UUID, MemberType], operation: Operation) -> set[UUID]:
    """Return the members that a remove takes away: those selected and, if ids are listed, only those listed."""
    if operation.value is None:
        return _selected(current, operation.path.filter)
    listed = {each for each in parse_ids(_value_ids(operation)) if each in current}
    return listed & _selected(current, operation.path.filter) if operation.path.filter else listed


def _selected(current: dict[UUID, MemberType], chosen: Filter | None) -> set[UUID]:
    """Return the members that a filter selects; without a filter, all of them.

    If the filter names ids, only those members are examined. Entra sends one operation for each member that
    left; a thousand of them against a thousand members took six seconds.
    """
    if chosen is None:
        return set(current)
    _refuse_unknown(chosen)
    compared = _compared_ids(chosen)
    candidates = (
        current if compared is None else [each for each in parse_ids(compared) if each in current]
    )
    is_chosen = selector(chosen)
    return {each for each in candidates if is_chosen({"value": str(each), "type": current[each]})}


def _refuse_unknown(chosen: Filter) -> None:
    """Raise InvalidFilter for an attribute that members lack: otherwise a remove would do nothing and answer 200."""
    match chosen:
        case Comparison(path) | Present(path):
            if path.target.name not in SELECTING:
                raise InvalidFilter(
                    f"members are selected by {' and '.join(SELECTING)}, not by {path}."
                )
        case And(terms) | Or(terms):
            for term in terms:
                _refuse_unknown(term)
        case Not(term):
            _refuse_unknown(term)
        case ValuePath():  # No value path is inside another.
            raise AssertionError(chosen)
        case _:
            assert_never(chosen)


def known_members(
    texts: Sequence[str], member_types: dict[UUID, MemberType], *, is_new: bool = False
) -> dict[UUID, MemberType]:
    """Return the types of members by id. `is_new` says that the group is being created, for the refusal.

    Errors: InvalidValue, which names the ids that belong to no user or group.
    """
    found: dict[UUID, MemberType] = {}
    unknown: list[str] = []
    for text in texts:
        member_id = as_id(text)
        kind = member_types.get(member_id) if member_id else None
        if member_id is None or kind is None:
            unknown.append(repr(text[:100]))
        else:
            found[member_id] = kind
    if unknown:
        named = ", ".join(unknown[:NAMED_MAX])
        more = f" and {len(unknown) - NAMED_MAX} more" if len(unknown) > NAMED_MAX else ""
        outcome = "The group was not created." if is_new else "The group is unchanged."
        raise InvalidValue(
            f"members: no user or group has the id {named}{more}; provision them first. {outcome}"
        )
    return found


def member_events(
    group: Group | None, after: dict[UUID, MemberType]
) -> list[MembersAdded | MembersRemoved]:
    """Return the events that lead from a group's members to those in `after`, at most MEMBERS_MAX ids each."""
    before = group.members if group else {}
    joined = {each: kind for each, kind in after.items() if each not in before}
    left = {each: kind for each, kind in before.items() if each not in after}
    return [
        *(MembersRemoved(members=ids, member_type=kind) for kind, ids in _chunks(left)),
        *(MembersAdded(members=ids, member_type=kind) for kind, ids in _chunks(joined)),
    ]


def _chunks(members: dict[UUID, MemberType]) -> list[tuple[MemberType, tuple[UUID, ...]]]:
    chunks: list[tuple[MemberType, tuple[UUID, ...]]] = []
    kinds: tuple[MemberType, ...] = ("User", "Group")
    for kind in kinds:
        ids = [each for each, its_kind in members.items() if its_kind == kind]
        chunks += [(kind, tuple(ids[i : i + MEMBERS_MAX])) for i in range(0, len(ids), MEMBERS_MAX)]
    return chunks
