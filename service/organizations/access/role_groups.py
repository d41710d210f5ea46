"""Reads, previews and saves the list of role groups."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from eventstore.events import Provenance
from projections.directory import load
from projections.directory.queries.holds import Named, find_names
from schema.events.organization import ROLE_NAMES, Organization, RoleGroup
from schema.events.user import RoleAssigned
from schema.scim.errors import InvalidValue, NotFound
from schema.scim.text import fold
from service.callers.caller import Caller
from service.limits.garbage import pausable
from service.limits.offload import offload
from service.runtime import Runtime
from service.write.commands import ChangeRoleGroups
from service.write.decide.role_groups import Giver, givers_of
from service.write.decide.state import Decision
from service.write.dry_run import DryRun, dry_run

SHOWN_MAX = 1_000  # People whom a preview names; it counts all.


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the list: the group, as it is named, and its role."""

    role: str
    group_id: UUID | None  # None: no group has this name now.
    display_name: str | None  # None: the group was deleted.
    is_by_name: bool
    member_count: int


@dataclass(frozen=True, slots=True)
class RoleGroups:
    """The list of role groups of an organization."""

    items: list[Entry]
    explicit_wins: bool


@dataclass(frozen=True, slots=True)
class WantedGroup:
    """An entry as somebody sends it: a group by id or by name, and the name of a role."""

    role: str
    group_id: UUID | None = None
    display_name: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """Somebody who would have another role."""

    person: Named
    before: str
    after: str
    group_id: UUID | None


@dataclass(frozen=True, slots=True)
class Preview:
    """What saving a list would do now. `digest` repeats it; `warnings` and `refusal` are sentences."""

    digest: str
    changes: list[Change]  # At most SHOWN_MAX.
    counts: dict[tuple[str, str], int]  # (Role before, role after) → people.
    warnings: list[str]
    refusal: str | None


async def read_role_groups(runtime: Runtime, organization: Organization) -> RoleGroups:
    """Return the list as it is now, whatever this process has cached."""
    async with (
        runtime.pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        found = await load.load_organization(connection, organization.id, with_tokens=False)
        if found is None:
            raise NotFound("There is no such organization.")
        keys = {fold(each.display_name) for each in found.role_groups if each.display_name}
        names = await load.find_group_names(connection, organization.id, keys)
        ids = {*names.values(), *(each.group_id for each in found.role_groups if each.group_id)}
        groups = await load.load_groups(connection, organization.id, ids, {})
    items = []
    for each in found.role_groups:
        group_id = each.group_id or names.get(fold(each.display_name or ""))
        group = groups.get(group_id) if group_id else None
        name = group.attributes["displayName"] if group else each.display_name
        members = group.member_count if group else 0
        role = found.role_name(each.role_id) or str(each.role_id)
        items.append(Entry(role, group_id, name, each.group_id is None, members))
    return RoleGroups(items, found.explicit_wins)


async def preview_role_groups(
    runtime: Runtime,
    organization: Organization,
    items: Sequence[WantedGroup],
    *,
    explicit_wins: bool,
) -> Preview:
    """Return what saving a list would do now; nothing is saved. Errors: InvalidValue."""
    command = ChangeRoleGroups(organization.id, _items(organization, items), explicit_wins)
    with pausable() as pause:
        pause.begin()
        found = await dry_run(
            runtime.pool, runtime.sealer, command, Caller(organization, None, "system")
        )
        preview = await _preview(runtime, organization, command, found)
        await offload(found.let_go, True)
    return preview


async def _preview(
    runtime: Runtime, organization: Organization, command: ChangeRoleGroups, found: DryRun
) -> Preview:
    assigned, counts = await offload(_assigned, True, organization, found.decisions)
    async with runtime.pool.acquire() as connection:
        people = await find_names(
            connection, organization.id, [each.stream_id for each in assigned[:SHOWN_MAX]]
        )
    changes = [
        Change(
            people.get(each.stream_id, Named(each.stream_id)),
            *_roles(organization, each.event),
            each.event.group_id,
        )
        for each in assigned[:SHOWN_MAX]
        if isinstance(each.event, RoleAssigned)
    ]
    warnings = _warnings(organization, command, found, changes)
    refusal = found.refusal.detail if found.refusal else None
    return Preview(found.digest, changes, counts, warnings, refusal)


def _assigned(
    organization: Organization, decisions: Iterable[Decision]
) -> tuple[list[Decision], dict[tuple[str, str], int]]:
    """Return the decisions that give people other roles, and how many people go from which role to which."""
    assigned = [each for each in decisions if isinstance(each.event, RoleAssigned)]
    return assigned, dict(Counter(_roles(organization, each.event) for each in assigned))


async def save_role_groups(
    runtime: Runtime,
    organization: Organization,
    items: Sequence[WantedGroup],
    *,
    explicit_wins: bool,
    digest: str | None,
    provenance: Provenance,
) -> bool:
    """Save the list, and give everybody the role that it leads to; return whether that changed anything.

    Errors: InvalidValue; Conflict if the digest of a preview is not that of now; LastAdministrator; Held.
    """
    command = ChangeRoleGroups(organization.id, _items(organization, items), explicit_wins, digest)
    caller = Caller(organization, None, provenance.source)
    outcome = await runtime.lanes.submit(command, caller, provenance, is_long=True)
    return outcome.is_changed


def _items(organization: Organization, items: Iterable[WantedGroup]) -> tuple[RoleGroup, ...]:
    return tuple(
        RoleGroup(
            role_id=_role_id(organization, each.role, place=f"items/{number}/role"),
            group_id=each.group_id,
            display_name=each.display_name,
        )
        for number, each in enumerate(items)
    )


def _role_id(organization: Organization, role: str, *, place: str) -> UUID:
    for name, role_id in organization.roles.items():
        if role.lower() in (name.lower(), str(role_id)):
            return role_id
    refusal = InvalidValue(
        f"There is no role {role[:100]!r}: the roles are {', '.join(ROLE_NAMES)}."
    )
    refusal.attribute = place
    raise refusal


def _roles(organization: Organization, event: object) -> tuple[str, str]:
    assert isinstance(event, RoleAssigned)
    before, after = map(organization.role_name, (event.previous_role_id, event.role_id))
    return before or str(event.previous_role_id), after or str(event.role_id)


def _warnings(
    organization: Organization,
    command: ChangeRoleGroups,
    found: DryRun,
    changes: Iterable[Change],
) -> list[str]:
    """Return sentences about entries that name no group, and about people whom a later entry gives more."""
    names = found.state.group_names
    warnings = [
        f"No group is called {each.display_name!r} now."
        for each in command.items
        if each.display_name and fold(each.display_name) not in names
    ]
    givers = givers_of(command.items, names)
    for each in changes:
        theirs = found.state.role_groups_of.get(each.person.id, set())
        held = [giver for giver in givers if giver.group_id in theirs]
        if len(held) > 1 and _is_weaker(organization, held):
            warnings.append(_weaker(organization, found, each.person, held))
    return warnings[:SHOWN_MAX]


def _is_weaker(organization: Organization, held: Sequence[Giver]) -> bool:
    return any(organization.is_lower(held[0].role_id, each.role_id) for each in held[1:])


def _weaker(organization: Organization, found: DryRun, person: Named, held: Sequence[Giver]) -> str:
    best = held[0]
    for each in held[1:]:
        best = each if organization.is_lower(best.role_id, each.role_id) else best
    first, other = (_group_name(found, each.group_id) for each in (held[0], best))
    role = organization.role_name(held[0].role_id)
    return (
        f"Put {other} above {first}, or remove one: {person.shown} is in both and would be {role}."
    )


def _group_name(found: DryRun, group_id: UUID) -> str:
    group = found.state.group(group_id)
    return str(group.attributes["displayName"]) if group else str(group_id)
