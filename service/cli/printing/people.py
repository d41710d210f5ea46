"""What commands print about people, groups and members: lines, or JSON as the admin API answers it."""

from collections.abc import Sequence
from typing import Any

from projections.directory.queries.people import GroupSummary, NamedMember, Person
from schema.events.organization import Organization
from service.cli.printing.tokens import instant
from service.cli.process import output
from service.organizations import people as use_cases
from service.organizations.people import LastChange, Overwritten
from service.terminal import printable


def people(
    rows: Sequence[tuple[Person, LastChange | None]],
    organization: Organization,
    *,
    following: str | None,
    as_json: bool,
) -> str:
    """Return a page of people. `following` is the cursor of the next one."""
    if as_json:
        items = [_person(each, organization, change) for each, change in rows]
        return output.as_json({"items": items, "nextCursor": following})
    lines = [_person_line(each, organization) for each, _ in rows]
    return _lines(lines, "Nobody.", following)


def person(
    found: Person,
    organization: Organization,
    change: LastChange | None,
    *,
    overwritten: Sequence[Overwritten] | None = None,
    as_json: bool,
) -> str:
    """Return a person, and after a change what the identity provider may write again."""
    shown = _person(found, organization, change)
    if as_json:
        return output.as_json(shown | _warnings(overwritten))
    fields = ("displayName", "givenName", "familyName", "email", "externalId", "origin")
    return "\n".join(
        [
            _person_line(found, organization),
            *(f"  {name:<14} {printable(shown[name])}" for name in fields if shown[name]),
            *_changed_line(change),
            *_warning_lines(overwritten),
        ]
    )


def groups(
    rows: Sequence[tuple[GroupSummary, LastChange | None]], *, following: str | None, as_json: bool
) -> str:
    """Return a page of groups. `following` is the cursor of the next one."""
    if as_json:
        items = [_group(each, change) for each, change in rows]
        return output.as_json({"items": items, "nextCursor": following})
    return _lines([_group_line(each) for each, _ in rows], "There is no group.", following)


def group(
    found: GroupSummary,
    change: LastChange | None,
    *,
    overwritten: Sequence[Overwritten] | None = None,
    as_json: bool,
) -> str:
    """Return a group, and after a change what the identity provider may write again."""
    if as_json:
        return output.as_json(_group(found, change) | _warnings(overwritten))
    external_id = found.document.get("externalId")
    return "\n".join(
        [
            _group_line(found),
            *([f"  {'externalId':<14} {printable(external_id)}"] if external_id else []),
            *_changed_line(change),
            *_warning_lines(overwritten),
        ]
    )


def members(found: Sequence[NamedMember], *, following: str | None, as_json: bool) -> str:
    """Return a page of the members of a group. `following` is the cursor of the next one."""
    if as_json:
        items = [
            {
                "id": each.id,
                "type": "Group" if each.type == "Group" else "User",
                "displayName": each.display_name,
                "userName": each.user_name,
            }
            for each in found
        ]
        return output.as_json({"items": items, "nextCursor": following})
    lines = [
        f"{each.id}  {each.type:<5}  {printable(each.user_name or each.display_name or 'deleted')}"
        for each in found
    ]
    return _lines(lines, "Nobody is in the group.", following)


def deleted(what: str, name: str, deleted_id: object, *, as_json: bool) -> str:
    """Return what was just deleted."""
    if as_json:
        return output.as_json({"id": deleted_id})
    return f"{what} {printable(name)} is deleted. The log keeps its history."


def data(held: dict[str, Any], *, as_json: bool) -> str:
    """Return everything that is held on a person."""
    if as_json:
        return output.as_json(held)
    name = (held["user"] or {}).get("userName")
    counts = [
        f"  {kind:<14} {len(held[kind]):,}"
        for kind in ("roles", "access", "groups", "tokens", "events")
    ]
    return "\n".join(
        [
            f"User {held['id']}: {printable(name) if name else 'deleted'}",
            *counts,
            "All of it: --json.",
        ]
    )


def _lines(lines: list[str], nobody: str, following: str | None) -> str:
    more = [f"There are more: --cursor {following!r}, or a larger --limit."] if following else []
    return "\n".join([*(lines or [nobody]), *map(printable, more)])


def _person(found: Person, organization: Organization, change: LastChange | None) -> dict[str, Any]:
    document = found.document
    name = document.get("name", {})
    return {
        "id": found.id,
        "userName": document["userName"],
        "displayName": document.get("displayName"),
        "givenName": name.get("givenName"),
        "familyName": name.get("familyName"),
        "email": use_cases.email_of(document),
        "externalId": document.get("externalId"),
        "roleId": found.role_id,
        "role": organization.role_name(found.role_id) or str(found.role_id),
        "active": found.active,
        "origin": use_cases.origin_of(found),
        "createdAt": instant(found.created_at),
        "changedAt": instant(found.modified_at),
        "lastChangedBy": _changed(change),
    }


def _group(found: GroupSummary, change: LastChange | None) -> dict[str, Any]:
    return {
        "id": found.id,
        "displayName": found.document["displayName"],
        "externalId": found.document.get("externalId"),
        "memberCount": found.member_count,
        "createdAt": instant(found.created_at),
        "changedAt": instant(found.modified_at),
        "lastChangedBy": _changed(change),
    }


def _changed(change: LastChange | None) -> dict[str, Any] | None:
    if change is None:
        return None
    actor, cause = change.actor, change.cause
    return {
        "id": actor.id,
        "name": actor.name,
        "kind": actor.kind,
        "source": cause.source,
        "at": instant(cause.recorded_at),
    }


def _person_line(found: Person, organization: Organization) -> str:
    state = "active" if found.active else "deactivated"
    role = organization.role_name(found.role_id) or "no role"
    return f"{found.id}  {f'{state}, {role}':<26}  {printable(found.document['userName'])}"


def _group_line(found: GroupSummary) -> str:
    name = printable(found.document["displayName"])
    return f"{found.id}  {found.member_count:>7,} members  {name}"


def _changed_line(change: LastChange | None) -> list[str]:
    if change is None:
        return []
    at, by = change.cause.recorded_at, printable(change.actor.name)
    return [f"  {'last changed':<14} {at:%Y-%m-%d %H:%M} UTC by {by} ({change.cause.source})"]


def _warnings(overwritten: Sequence[Overwritten] | None) -> dict[str, Any]:
    """Return the member of a document that has the warnings; only what was changed has one."""
    if overwritten is None:
        return {}
    return {"warnings": [{"attribute": each.field, "detail": each.warning} for each in overwritten]}


def _warning_lines(overwritten: Sequence[Overwritten] | None) -> list[str]:
    return [f"Warning: {each.field}: {each.warning}" for each in overwritten or ()]
