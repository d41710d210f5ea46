"""Groups and who is in them: a group of 100,000 answers like one of ten."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from projections.directory.queries.people import (
    GroupSummary,
    list_groups,
    list_groups_in_group,
    list_members_by_name,
)
from projections.history.search import Search
from schema.scim.errors import NotFound
from service.api.cursor import a_name, an_id
from service.console.events.reading import record_reading
from service.console.events.rows import EventRow, event_rows
from service.console.framework.call import ConsoleCall
from service.console.framework.paging import LIMIT, Listed, listed, read_after
from service.console.pages.directory.attributes import until_known
from service.console.pages.directory.moments import Moment, is_pinned, read_moment
from service.console.pages.directory.person_changes import REFUSALS
from service.console.pages.files import (
    CSV_MAX,
    PIECE,
    refuse_too_many,
    refuse_unknown,
)
from service.http.answer import Answer
from service.organizations.access.role_groups import RoleGroups, read_role_groups
from service.organizations.groups import add_group, read_existing_group
from service.replay.answers import Page, group_members, timeline_of_group
from service.replay.as_of import group_at

KIND: Final = "groups"
MEMBERS: Final = "members"
USES: Final = ("access", "role")
NESTED_MAX: Final = 100  # Groups in a group that a page names.
EVENTS_SHOWN: Final = 10
COLUMNS: Final = ("id", "displayName", "use", "role", "members", "externalId", "created", "changed")
MEMBER_COLUMNS: Final = ("id", "userName", "displayName", "active", "role")
PAST_COLUMNS: Final = ("id", "type", "userName", "displayName", "since", "position")
KNOWN: Final = frozenset({"q", "use", "format", "cursor"})
KNOWN_MEMBERS: Final = frozenset({"q", "at", "position", "format", "cursor"})


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A group as a list shows it. `role` is what it gives, or None."""

    id: UUID
    name: str
    role: str | None
    member_count: int
    changed: datetime


@dataclass(frozen=True, slots=True)
class MemberRow:
    """A member of a group. In the past, `since` is when it joined; now it is None."""

    id: UUID
    name: str
    user_name: str
    is_group: bool
    state: str | None
    role: str | None
    since: datetime | None


async def read_list(call: ConsoleCall) -> Answer:
    """GET /groups: by displayName."""
    giving = _roles_of(await read_role_groups(call.runtime, call.organization))
    if call.query.get("format") == "csv":
        return await _file(call, giving)
    after = read_after(KIND, call.query.get("cursor"), a_name)
    found = await _groups(call, giving, after=after, limit=LIMIT + 1)
    page = listed(KIND, call.query.get("cursor"), found, lambda each: [each.display_name_key])
    return await call.show(
        "directory/groups.html",
        page=page,
        rows=[_row(each, giving) for each in page.rows],
        uses=USES,
        is_filtered=bool(call.query.get("q") or call.query.get("use")),
    )


async def _groups(
    call: ConsoleCall, giving: dict[UUID, str], *, after: str | None, limit: int
) -> list[GroupSummary]:
    """Return groups of the use that is asked for. Those that give a role are few, and the others are most of all."""
    use, found = call.query.get("use"), list[GroupSummary]()
    begins_with = call.query.get("q") or None
    async with call.runtime.pool.acquire() as connection:
        while True:
            piece = await list_groups(
                connection,
                call.organization.id,
                begins_with=begins_with,
                after=after,
                limit=PIECE if use == "role" else limit,
            )
            found += [
                each for each in piece if use not in USES or (each.id in giving) is (use == "role")
            ]
            if len(found) >= limit or len(piece) < (PIECE if use == "role" else limit):
                return found[:limit]
            after = piece[-1].display_name_key


def _roles_of(found: RoleGroups) -> dict[UUID, str]:
    """Return which role each role group gives: the first in the list counts."""
    giving: dict[UUID, str] = {}
    for each in found.items:
        if each.group_id is not None:
            giving.setdefault(each.group_id, each.role)
    return giving


def _row(group: GroupSummary, giving: dict[UUID, str]) -> GroupRow:
    return GroupRow(
        group.id,
        str(group.document["displayName"]),
        giving.get(group.id),
        group.member_count,
        group.modified_at,
    )


async def show_new(call: ConsoleCall) -> Answer:
    """GET /groups/new."""
    return await call.show("directory/group_form.html")


async def create(call: ConsoleCall) -> Answer:
    """POST /groups/new."""
    name = call.form.value("displayName")
    if not name:
        call.form.refuse("displayName", call.t("group.needs_name", "Enter a name for the group."))
    else:
        try:
            made = await add_group(
                call.runtime,
                call.organization,
                {"displayName": name},
                provenance=call.provenance,
            )
            return call.go(f"/groups/{made.id}")
        except REFUSALS as error:
            call.form.refuse("displayName", call.said(error))
    return await call.show("directory/group_form.html", status=422)


async def read(call: ConsoleCall, group_id: UUID) -> Answer:
    """GET /groups/{id}: facts, members by name, what happened."""
    moment = await read_moment(call)
    if moment and not is_pinned(call):
        return call.go(f"/groups/{group_id}", **{**call.query, **moment.kept})
    if call.query.get("format") == "csv":
        return await _members_file(call, group_id, moment)
    shown = await _facts(call, group_id, moment)
    giving = _roles_of(await read_role_groups(call.runtime, call.organization))
    page, position = await _members(call, group_id, moment, limit=LIMIT)
    events, reached = await _events(call, group_id, moment)
    record_reading(call, "/groups/{id}", reached, [group_id])
    nested: list[tuple[UUID, str]] = []
    if shown["state"] == "present" and not moment:
        async with call.runtime.pool.acquire() as connection:
            nested = await list_groups_in_group(
                connection, call.organization.id, group_id, limit=NESTED_MAX
            )
    return await call.show(
        "directory/group.html",
        status=422 if call.form.errors else 200,
        group_id=group_id,
        group=shown,
        role=giving.get(group_id),
        moment=moment,
        kept=moment.kept if moment else {},
        page=page,
        position=position or reached,
        nested=nested,
        events=events,
    )


async def _facts(call: ConsoleCall, group_id: UUID, moment: Moment | None) -> dict[str, Any]:
    """Return what a group is called and how many are in it; of one that is gone, what it was called last."""
    try:
        if moment is None:
            found = await read_existing_group(call.runtime, call.organization.id, group_id)
            await until_known(call, {group_id: found.version})
            return {
                "state": "present",
                "name": found.document["displayName"],
                "external_id": found.document.get("externalId"),
                "count": found.member_count,
                "created": found.created_at,
                "changed": found.modified_at,
            }
        past = await group_at(
            call.runtime, call.organization, group_id, None, position=moment.position
        )
    except NotFound:
        # It is or was there, or this refuses.
        found_events = await timeline_of_group(
            call.runtime, call.organization, group_id, wanted=Search(), page=Page("desc", limit=1)
        )
        name = found_events.events[0].resource_name if found_events.events else str(group_id)
        return {"state": "deleted" if moment is None else "absent", "name": name, "count": None}
    document = past.document
    return {
        "state": "present",
        "name": document["displayName"],
        "external_id": document.get("externalId"),
        "count": past.resource.member_count,
        "created": past.resource.created_at,
        "changed": past.resource.modified_at,
    }


async def _members(
    call: ConsoleCall, group_id: UUID, moment: Moment | None, *, limit: int
) -> tuple[Listed[MemberRow], int | None]:
    """Return a page of members: by userName now, by id in the past."""
    after = read_after(MEMBERS, call.query.get("cursor"), an_id if moment else a_name)
    if moment:
        found = await group_members(
            call.runtime,
            call.organization,
            group_id,
            position=moment.position,
            after=after,
            limit=limit + 1,
        )
        rows = [
            MemberRow(
                each.period.member_id,
                each.display_name or each.name,
                each.name,
                each.period.member_type == "Group",
                None,
                None,
                each.period.from_at,
            )
            for each in found.items
        ]
        page = listed(MEMBERS, call.query.get("cursor"), rows, lambda each: [each.id])
        return page, found.position
    async with call.runtime.pool.acquire() as connection:
        named = await list_members_by_name(
            connection,
            call.organization.id,
            group_id,
            begins_with=call.query.get("q") or None,
            after=after,
            limit=limit + 1,
        )
    keys = {each.id: each.user_name_key for each in named}
    rows = [
        MemberRow(
            each.id,
            each.display_name or each.user_name,
            each.user_name,
            False,
            "active" if each.active else "inactive",
            call.organization.role_name(each.role_id),
            None,
        )
        for each in named
    ]
    return listed(MEMBERS, call.query.get("cursor"), rows, lambda each: [keys[each.id]]), None


async def _events(
    call: ConsoleCall, group_id: UUID, moment: Moment | None
) -> tuple[list[EventRow], int]:
    wanted = Search(to_position=moment.position if moment else None)
    found = await timeline_of_group(
        call.runtime,
        call.organization,
        group_id,
        wanted=wanted,
        page=Page("desc", limit=EVENTS_SHOWN),
    )
    return event_rows(call, found.events, about=group_id), found.position


async def _file(call: ConsoleCall, giving: dict[UUID, str]) -> Answer:
    refuse_unknown(call, KNOWN)
    found = await _groups(call, giving, after=None, limit=CSV_MAX + 1)
    refuse_too_many(call, len(found))
    return call.csv(
        "groups",
        COLUMNS,
        [
            (
                each.id,
                each.document["displayName"],
                "role" if each.id in giving else "access",
                giving.get(each.id),
                each.member_count,
                each.document.get("externalId"),
                each.created_at,
                each.modified_at,
            )
            for each in found
        ],
    )


async def _members_file(call: ConsoleCall, group_id: UUID, moment: Moment | None) -> Answer:
    refuse_unknown(call, KNOWN_MEMBERS)
    if moment:
        past = await group_members(
            call.runtime,
            call.organization,
            group_id,
            position=moment.position,
            limit=CSV_MAX + 1,
        )
        refuse_too_many(call, len(past.items))
        rows: list[tuple[object, ...]] = [
            (
                each.period.member_id,
                each.period.member_type,
                each.name if each.period.member_type == "User" else None,
                each.display_name,
                each.period.from_at,
                each.period.from_position,
            )
            for each in past.items
        ]
        return call.csv(f"members-{group_id}", PAST_COLUMNS, rows)
    await read_existing_group(call.runtime, call.organization.id, group_id)
    async with call.runtime.pool.acquire() as connection:
        named = await list_members_by_name(
            connection,
            call.organization.id,
            group_id,
            begins_with=call.query.get("q") or None,
            after=None,
            limit=CSV_MAX + 1,
        )
    refuse_too_many(call, len(named))
    rows = [
        (
            each.id,
            each.user_name,
            each.display_name,
            each.active,
            call.organization.role_name(each.role_id),
        )
        for each in named
    ]
    return call.csv(f"members-{group_id}", MEMBER_COLUMNS, rows)
