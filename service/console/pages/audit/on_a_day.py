"""Questions about a day: who had a role, who was in a group, who had access at all, what one person had."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from projections.directory.actors import Actor, name_actors
from projections.directory.queries.people import PeopleFilter
from projections.history.read import holders_at, members_at_position
from projections.history.search import Search, reached
from schema.events.organization import ROLE_NAMES
from schema.scim.errors import NotFound
from service.api.cursor import a_name, an_id
from service.console.events.reading import record_reading
from service.console.events.words import attribute_word, role_word
from service.console.framework.call import ConsoleCall
from service.console.framework.forms import number_in
from service.console.framework.paging import COUNTED_MAX, Listed
from service.console.pages.audit.day_rows import (
    Held,
    count_then_and_today,
    file_of,
    is_file,
    page_of,
    place_in,
    refuse_cut,
)
from service.console.pages.audit.reading import tabs, value_of
from service.console.pages.periods import day_in, zone_of
from service.console.texts.texts import Phrase
from service.http.answer import Answer
from service.replay.answers import (
    NamedHolder,
    NamedPeriod,
    Page,
    group_members,
    role_holders,
    search_events,
)
from service.replay.as_of import people_at, user_at
from service.replay.resolve import find_group, find_person, find_role
from service.replay.wanted import position_of

KIND: Final = "console day {}"
QUESTIONS: Final = (
    ("role", Phrase("day.who_role", "Who had a role?")),
    ("group", Phrase("day.who_group", "Who was in a group?")),
    ("access", Phrase("day.who_access", "Who had access at all?")),
    ("person", Phrase("day.what_person", "What did one person have?")),
)


@dataclass(frozen=True, slots=True)
class DayAnswer:
    """An answer: its sentence, how many there were, how many there are today, and a page of rows."""

    heading: str
    page: Listed[Held]
    today: str
    column: str  # The heading of `since`.


async def show(call: ConsoleCall) -> Answer:
    """GET /audit/day."""
    ask = call.query.get("ask") or "role"
    ask = ask if ask in dict(QUESTIONS) else "role"
    zone = zone_of(call)
    at = day_in(call, call.query.get, "at", zone)
    position, last = await _position(call, at)
    is_asked = bool(call.query.get("at") or call.query.get("position"))
    values: Mapping[str, Any] = {}
    if is_asked and not call.form.errors:
        values = await _answered(call, ask, position, last)
        if is_file(call) and "answer" in values:
            return file_of(call, f"{ask}-at-{position}", values["answer"].page.rows)
    when = await _when(call, position) if at is None and is_asked else at
    return await call.show(
        "audit/day.html",
        status=422 if call.form.errors else 200,
        ask=ask,
        questions=[(each, call.t(*word)) for each, word in QUESTIONS],
        roles=[(each, role_word(call.texts, each)) for each in ROLE_NAMES],
        zone=zone.key,
        is_asked=is_asked,
        is_past=position < last,
        position=position,
        when=when,
        permalink=_permalink(call, position),
        tabs=tabs(call, "/audit/day"),
        **{"answer": None, "person": None, **values},
    )


async def _position(call: ConsoleCall, at: datetime | None) -> tuple[int, int]:
    """Return the position that is asked about, and the last one. A position in the address counts more than a day."""
    organization_id, asked = call.organization.id, number_in(call.query.get("position"))
    async with call.runtime.pool.acquire() as connection:
        last = await reached(connection, organization_id)
        return await position_of(connection, organization_id, at, asked, end=last), last


async def _when(call: ConsoleCall, position: int) -> datetime | None:
    """Return the instant of the event at a position, from which on the answer was true."""
    wanted = Search(after_position=position - 1, to_position=position)
    found = await search_events(call.runtime, call.organization, wanted, Page(limit=1))
    return found.events[0].recorded_at if found.events else None


def _permalink(call: ConsoleCall, position: int) -> str:
    return call.links.again(call.path, call.query, position=position, cursor=None, format=None)


async def _answered(call: ConsoleCall, ask: str, position: int, last: int) -> Mapping[str, Any]:
    if ask == "person":
        return await _person(call, position)
    if ask == "access":
        return await _access(call, position)
    if ask == "group":
        return await _group(call, position, last)
    return await _role(call, position, last)


async def _role(call: ConsoleCall, position: int, last: int) -> Mapping[str, Any]:
    wanted = call.query.get("role") or "Administrator"
    try:
        role_id = find_role(call.organization, wanted)
    except NotFound as error:
        call.form.refuse("role", call.said(error))
        return {}
    kind = KIND.format(f"role {role_id} {position}")
    after, limit = place_in(call, kind, an_id)
    found = await role_holders(
        call.runtime,
        call.organization,
        role_id,
        position=position,
        after=after,
        limit=limit,
    )
    refuse_cut(call, found.items)
    async with call.runtime.pool.acquire() as connection:
        acted = [
            (each.holder.period.assigned_by, each.holder.period.source) for each in found.items
        ]
        actors = await name_actors(connection, call.organization.id, acted)

        async def count(at: int) -> int:
            most = COUNTED_MAX + 1
            return len(await holders_at(connection, call.organization.id, role_id, at, limit=most))

        then, now = await count_then_and_today(
            call, found.items, count, position=position, last=last
        )
    rows = [_holder(each, actors) for each in found.items]
    record_reading(call, "/audit/day", position)
    name = call.organization.role_name(role_id) or wanted
    return {
        "answer": DayAnswer(
            _counted(call, then, role=role_word(call.texts, name)),
            page_of(call, kind, rows, _key),
            _number(call, now),
            call.t("day.role_since", "Role since"),
        )
    }


def _key(each: Held) -> list[str]:
    return [str(each.id)]


def _holder(each: NamedHolder, actors: Mapping[str, Actor]) -> Held:
    period = each.holder.period
    return Held(
        each.holder.user_id,
        each.display_name or each.name,
        each.name,
        period.from_at,
        period.to_at,
        actors[period.assigned_by],
        period.from_position,
        each.holder.is_active,
    )


def _counted(call: ConsoleCall, count: int, *, role: str) -> str:
    if count > COUNTED_MAX:
        return call.t(
            "day.many_held", "More than {n} people had the role {role}", n=COUNTED_MAX, role=role
        )
    return call.tn(
        "day.held",
        "{n} person had the role {role}",
        "{n} people had the role {role}",
        n=count,
        role=role,
    )


def _number(call: ConsoleCall, count: int) -> str:
    if count > COUNTED_MAX:
        return call.t("day.more_than", "more than {n}", n=COUNTED_MAX)
    return call.texts.number(count)


async def _group(call: ConsoleCall, position: int, last: int) -> Mapping[str, Any]:
    wanted = call.query.get("group")
    if wanted is None:
        return {}  # The question was changed: its field is shown now.
    if not wanted:
        call.form.refuse("group", call.t("day.no_group", "Enter the name or the id of a group."))
        return {}
    try:
        async with call.runtime.pool.acquire() as connection:
            group_id = await find_group(connection, call.organization.id, wanted)
        kind = KIND.format(f"group {group_id} {position}")
        after, limit = place_in(call, kind, an_id)
        found = await group_members(
            call.runtime,
            call.organization,
            group_id,
            position=position,
            after=after,
            limit=limit,
        )
    except NotFound as error:
        call.form.refuse("group", call.said(error))
        return {}
    refuse_cut(call, found.items)
    async with call.runtime.pool.acquire() as connection:

        async def count(at: int) -> int:
            most = COUNTED_MAX + 1
            return len(
                await members_at_position(
                    connection, call.organization.id, group_id, at, limit=most
                )
            )

        then, now = await count_then_and_today(
            call, found.items, count, position=position, last=last
        )
    record_reading(call, "/audit/day", position, [group_id])
    heading = (
        call.t(
            "day.many_in",
            "More than {n} members were in the group {group}",
            n=COUNTED_MAX,
            group=wanted,
        )
        if then > COUNTED_MAX
        else call.tn(
            "day.in",
            "{n} member was in the group {group}",
            "{n} members were in the group {group}",
            n=then,
            group=wanted,
        )
    )
    rows = [_member(each) for each in found.items]
    return {
        "answer": DayAnswer(
            heading,
            page_of(call, kind, rows, _key),
            _number(call, now),
            call.t("day.member_since", "Member since"),
        )
    }


def _member(each: NamedPeriod) -> Held:
    period = each.period
    is_person = period.member_type == "User"
    return Held(
        period.member_id,
        each.display_name or each.name,
        each.name,
        period.from_at,
        period.to_at,
        None,
        period.from_position,
        True,
        is_person,
    )


async def _access(call: ConsoleCall, position: int) -> Mapping[str, Any]:
    kind = KIND.format(f"access {position}")
    after, limit = place_in(call, kind, a_name)
    found = await people_at(
        call.runtime,
        call.organization,
        PeopleFilter(None, True, None),
        at=None,
        position=position,
        after=after,
        limit=limit,
    )
    refuse_cut(call, found.items)
    record_reading(call, "/audit/day", position)
    page = page_of(call, kind, found.items, lambda each: [each.user_name_key])
    rows = [
        Held(
            each.id,
            each.document.get("displayName") or each.document["userName"],
            each.document["userName"],
            each.created_at,
            None,
            None,
            None,
            each.active,
            role=call.organization.role_name(each.role_id),
        )
        for each in page.rows
    ]
    is_whole = page.next is None and page.previous is None
    heading = (
        call.tn("day.access", "{n} person had access", "{n} people had access", n=len(rows))
        if is_whole
        else call.t("day.access_list", "Who had access, by userName")
    )
    return {
        "answer": DayAnswer(
            heading,
            Listed(rows, page.next, page.previous),
            "",
            call.t("day.person_since", "In the directory since"),
        )
    }


async def _person(call: ConsoleCall, position: int) -> Mapping[str, Any]:
    wanted = call.query.get("person")
    if wanted is None:
        return {}
    if not wanted:
        call.form.refuse(
            "person", call.t("day.no_person", "Enter the userName or the id of a person.")
        )
        return {}
    runtime, organization = call.runtime, call.organization
    try:
        async with runtime.pool.acquire() as connection:
            user_id = await find_person(connection, runtime.sealer, organization.id, wanted)
        past = await user_at(runtime, organization, user_id, None, position=position)
    except NotFound as error:
        call.form.refuse("person", call.said(error))
        return {}
    record_reading(call, "/audit/day", position, [user_id])
    values = [
        (
            attribute_word(call.texts, each.attribute),
            value_of(call, each.attribute, each.value),
            value_of(call, each.attribute, each.today) if each.differs_today else None,
            each.origin,
        )
        for each in past.values
    ]
    document = past.document
    return {
        "person": past,
        "person_id": user_id,
        "person_name": document.get("displayName") or document["userName"],
        "values": values,
    }
