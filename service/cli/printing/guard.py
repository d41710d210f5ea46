"""What the commands `role-group` and `guard` print: lines or JSON."""

from collections.abc import Sequence
from typing import Any

from projections.directory.queries.holds import Concerned
from schema.events.organization import Organization
from service.cli.printing.tokens import instant
from service.cli.process import output
from service.organizations.access.guard import Guard, ShownHold
from service.organizations.access.role_groups import Preview, RoleGroups
from service.terminal import printable

PEOPLE_MAX = 20  # Lines of people; JSON has more, and `guard users` all.


def role_groups(found: RoleGroups, *, as_json: bool) -> str:
    """Return the list of role groups."""
    if as_json:
        items = [
            {
                "groupId": str(each.group_id) if each.group_id else None,
                "displayName": each.display_name,
                "role": each.role,
                "namedBy": "displayName" if each.is_by_name else "groupId",
                "memberCount": each.member_count,
            }
            for each in found.items
        ]
        return output.as_json({"items": items, "explicitWins": found.explicit_wins})
    lines = [
        f"{number}. {each.role:<14} {printable(each.display_name or str(each.group_id))}  "
        + (f"{each.member_count:,} members" if each.group_id else "no such group now")
        for number, each in enumerate(found.items, start=1)
    ]
    if not lines:
        return "No group is a role group. Roles come from roleId: scim-ledger role-group set GROUP=ROLE"
    wins = "wins over" if found.explicit_wins else "gives way to"
    return "\n".join([*lines, f"A role that a request names {wins} one that a group gives."])


def preview(found: Preview, *, as_json: bool) -> str:
    """Return what saving a list would do."""
    if as_json:
        return output.as_json(
            {
                "digest": found.digest,
                "changes": [
                    {
                        "userId": str(each.person.id),
                        "userName": each.person.user_name,
                        "displayName": each.person.display_name,
                        "before": each.before,
                        "after": each.after,
                        "groupId": str(each.group_id) if each.group_id else None,
                    }
                    for each in found.changes
                ],
                "counts": [
                    {"before": before, "after": after, "users": users}
                    for (before, after), users in found.counts.items()
                ],
                "warnings": found.warnings,
                "refusal": found.refusal,
            }
        )
    total = sum(found.counts.values())
    counts = ", ".join(
        f"{users:,} {before} → {after}" for (before, after), users in found.counts.items()
    )
    people = [
        f"  {printable(each.person.shown)}: {each.before} → {each.after}"
        for each in found.changes[:PEOPLE_MAX]
    ]
    more = [f"  and {total - PEOPLE_MAX:,} more"] if total > PEOPLE_MAX else []
    refusal = [f"It would be refused: {found.refusal}"] if found.refusal else []
    return "\n".join(
        [
            f"{total:,} people would change{': ' if counts else '.'}{counts}",
            *people,
            *more,
            *map(printable, found.warnings),
            *refusal,
            f"Nothing was saved. To save exactly this: --digest {found.digest}",
        ]
    )


def limits(found: Guard, *, as_json: bool) -> str:
    """Return the limits of the guard."""
    if as_json:
        return output.as_json(
            {
                "enabled": found.enabled,
                "maxUsers": found.max_users,
                "maxPercent": found.max_percent,
                "windowMinutes": found.window_minutes,
                "inForce": found.is_in_force,
                "inForceFrom": instant(found.in_force_from),
            }
        )
    if not found.enabled:
        return "The guard is off."
    since = f"{found.in_force_from:%Y-%m-%d %H:%M} UTC" if found.in_force_from else ""
    state = "in force" if found.is_in_force else f"in force from {since}: the organization is new"
    return (
        f"More than {found.max_users:,} users and more than {found.max_percent} % of the active users "
        f"within {found.window_minutes:,} minutes are held. The guard is {state}."
    )


def holds(found: Sequence[ShownHold], *, as_json: bool) -> str:
    """Return holds, without people as lines."""
    if as_json:
        return output.as_json([_document(each) for each in found])
    return "\n".join(map(_line, found)) or "Nothing is held."


def hold(found: ShownHold, *, as_json: bool) -> str:
    """Return a hold with its people."""
    if as_json:
        return output.as_json(_document(found))
    return "\n".join(
        [
            _line(found),
            "Held, with access:",
            *_people(found.users, found.hold.user_count),
            "Passed before the limit, without access:",
            *_people(found.passed, found.hold.passed),
        ]
    )


def people(found: Sequence[Concerned], organization: Organization, *, as_json: bool) -> str:
    """Return people of a hold."""
    if as_json:
        return output.as_json(
            [{**_person(each), "role": _role(each, organization)} for each in found]
        )
    lines = [
        f"{each.id}  {'active' if each.active else 'deactivated':<11}  "
        f"{_role(each, organization) or 'no role':<14}  {printable(each.user_name or 'deleted')}"
        for each in found
    ]
    return "\n".join(lines) or "Nobody."


def _role(each: Concerned, organization: Organization) -> str | None:
    return organization.role_name(each.role_id) if each.role_id else None


def _line(found: ShownHold) -> str:
    held = found.hold
    until = f" until {found.ends_at:%Y-%m-%d %H:%M} UTC" if found.ends_at else ""
    return (
        f"{held.id}  {held.opened_at:%Y-%m-%d %H:%M}  {held.kind:<12} {held.state}{until}: "
        f"{held.user_count:,} held, {held.passed:,} passed, of {held.active_users:,} active users"
    )


def _people(people: Sequence[Concerned], count: int) -> list[str]:
    lines = [
        f"  {each.id}  {printable(each.user_name or 'deleted')}" for each in people[:PEOPLE_MAX]
    ]
    return (
        [*lines, f"  and {count - PEOPLE_MAX:,} more"]
        if count > PEOPLE_MAX
        else lines or ["  nobody"]
    )


def _document(found: ShownHold) -> dict[str, Any]:
    held = found.hold
    return {
        "id": str(held.id),
        "kind": held.kind,
        "openedAt": instant(held.opened_at),
        "state": held.state,
        "decidedAt": instant(held.decided_at),
        "endsAt": instant(found.ends_at),
        "userCount": held.user_count,
        "users": [_person(each) for each in found.users],
        "passedCount": held.passed,
        "passed": [_person(each) for each in found.passed],
        "activeUsers": held.active_users,
        "maxUsers": held.max_users,
        "maxPercent": held.max_percent,
        "windowMinutes": held.window_minutes,
    }


def _person(each: Concerned) -> dict[str, Any]:
    return {
        "id": str(each.id),
        "userName": each.user_name,
        "displayName": each.display_name,
        "active": each.active,
        "at": instant(each.at),
    }
