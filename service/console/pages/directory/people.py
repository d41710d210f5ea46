"""The list of people, now or as of a day."""

from collections.abc import AsyncIterator, Mapping
from typing import Any, Final
from uuid import UUID

from eventstore.postgres.connection import Connection
from projections.directory.queries.past import find_named, list_people_at
from projections.directory.queries.people import (
    PeopleFilter,
    Person,
    count_people,
    list_people,
    read_people,
)
from schema.scim import urns
from schema.scim.text import fold
from service.api.cursor import a_name
from service.console.framework.call import ConsoleCall
from service.console.framework.paging import COUNTED_MAX, LIMIT, listed, read_after
from service.console.pages.directory.moments import Moment, is_pinned, read_moment
from service.console.pages.directory.words import ORIGINS, STATES, name_of, origin_word
from service.console.pages.files import (
    CSV_MAX,
    PIECE,
    refuse_too_many,
    refuse_unknown,
)
from service.http.answer import Answer
from service.ids import as_id
from service.organizations.groups import read_existing_group
from service.organizations.people import origin_of

KIND: Final = "people"
FILTERS: Final = ("q", "state", "role", "origin", "department", "group")
FORMER_MAX: Final = 20
COLUMNS: Final = (
    *("id", "userName", "displayName", "active", "role", "origin", "department"),
    *("externalId", "created", "changed"),
)
KNOWN: Final = frozenset({*FILTERS, "at", "position", "format", "cursor"})


async def read_list(call: ConsoleCall) -> Answer:
    """GET /people: by userName."""
    moment = await read_moment(call)
    if moment and not is_pinned(call):
        return call.go("/people", **{**call.query, **moment.kept})
    shown = filter_of(call)
    if call.query.get("format") == "csv":
        return await _file(call, shown, moment)
    after = read_after(KIND, call.query.get("cursor"), a_name)
    async with call.runtime.pool.acquire() as connection:
        found = await _page(connection, call, shown, moment, after=after, limit=LIMIT + 1)
        total = await _total(connection, call, shown, found, is_past=moment is not None)
        former = [] if moment else await _former(connection, call, shown, found)
    page = listed(KIND, call.query.get("cursor"), found, lambda each: [each.user_name_key])
    group = (
        await read_existing_group(call.runtime, call.organization.id, shown.group_id)
        if shown.group_id
        else None
    )
    return await call.show(
        "directory/people.html",
        block="rows",
        status=422 if call.form.errors else 200,
        page=page,
        moment=moment,
        total=total,
        counted_max=COUNTED_MAX,
        former=former,
        group=group,
        states=STATES,
        origins=ORIGINS,
        is_filtered=any(call.query.get(each) for each in FILTERS),
        rows=[row_of(call, each) for each in page.rows],
        kept=moment.kept if moment else {},
        others={name: call.query[name] for name in FILTERS if call.query.get(name)},
        roles=list(call.organization.roles),
    )


async def _total(
    connection: Connection,
    call: ConsoleCall,
    shown: PeopleFilter,
    found: list[Person],
    *,
    is_past: bool,
) -> int | None:
    """Return how many people match, counted up to one more than a page says; None in the past."""
    if is_past:
        return None
    if not call.query.get("cursor") and len(found) <= LIMIT:
        return len(found)  # All of them are on this page.
    return await count_people(connection, call.organization.id, shown, limit=COUNTED_MAX + 1)


def filter_of(call: ConsoleCall) -> PeopleFilter:
    """Return which people are asked for. What is none of the choices is ignored."""
    query = call.query
    state, origin, role = query.get("state"), query.get("origin"), query.get("role", "")
    return PeopleFilter(
        query.get("q") or None,
        {"active": True, "inactive": False}.get(state or ""),
        call.organization.roles.get(role),
        origin if origin in ORIGINS else None,
        query.get("department") or None,
        as_id(query.get("group", "")),
    )


def row_of(call: ConsoleCall, person: Person) -> dict[str, Any]:
    """Return a person as the list shows it."""
    role = call.organization.role_name(person.role_id)
    origin = origin_of(person)
    return {
        "id": person.id,
        "name": name_of(person),
        "user_name": person.document["userName"],
        "state": "active" if person.active else "inactive",
        "role": role or str(person.role_id),
        "origin": origin,
        "origin_word": origin_word(call.texts, origin),
        "department": department_of(person) or "",
        "changed": person.modified_at,
    }


def department_of(person: Person) -> str | None:
    """Return the department of a person."""
    extension: Mapping[str, Any] = person.document.get(urns.ENTERPRISE_USER) or {}
    found = extension.get("department")
    return None if found is None else str(found)


async def _page(
    connection: Connection,
    call: ConsoleCall,
    shown: PeopleFilter,
    moment: Moment | None,
    *,
    after: str | None,
    limit: int,
) -> list[Person]:
    organization_id = call.organization.id
    if moment is None:
        return await list_people(connection, organization_id, shown, after=after, limit=limit)
    return await list_people_at(
        connection, organization_id, moment.position, shown, after=after, limit=limit
    )


async def _former(
    connection: Connection,
    call: ConsoleCall,
    shown: PeopleFilter,
    found: list[Person],
) -> list[dict[str, Any]]:
    """Return people who had the userName that is searched for, and have another now."""
    if not shown.begins_with or call.query.get("cursor"):
        return []
    ids: list[UUID] = await find_named(connection, call.organization.id, shown.begins_with)
    people = await read_people(connection, call.organization.id, ids[:FORMER_MAX])
    listed_already, wanted = {each.id for each in found}, fold(shown.begins_with)
    return [
        row_of(call, each)
        for each in people.values()
        if each.id not in listed_already and each.user_name_key != wanted
    ]


async def _file(call: ConsoleCall, shown: PeopleFilter, moment: Moment | None) -> Answer:
    refuse_unknown(call, KNOWN)
    rows = [each async for each in _cells(call, shown, moment)]
    refuse_too_many(call, len(rows))
    return call.csv("people", COLUMNS, rows)


async def _cells(
    call: ConsoleCall, shown: PeopleFilter, moment: Moment | None
) -> AsyncIterator[tuple[object, ...]]:
    after, count = None, 0
    while count <= CSV_MAX:
        async with call.runtime.pool.acquire() as connection:
            found = await _page(connection, call, shown, moment, after=after, limit=PIECE)
        for each in found:
            yield _cell_of(call, each)
        count += len(found)
        if len(found) < PIECE:
            return
        after = found[-1].user_name_key


def _cell_of(call: ConsoleCall, person: Person) -> tuple[object, ...]:
    document = person.document
    return (
        person.id,
        document["userName"],
        document.get("displayName"),
        person.active,
        call.organization.role_name(person.role_id),
        origin_of(person),
        department_of(person),
        document.get("externalId"),
        person.created_at,
        person.modified_at,
    )
