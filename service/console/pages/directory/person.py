"""A person: now, or as of a moment; what happened to it, and its roles over time."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from babel.dates import format_date

from projections.history.search import Search, reached, search
from schema.events.organization import TOKEN_ROLE
from schema.scim.errors import NotFound
from service.api.cursor import a_position
from service.console.events.reading import record_reading
from service.console.events.rows import EventRow, event_rows
from service.console.events.words import role_word
from service.console.framework.call import ConsoleCall
from service.console.framework.forms import number_in
from service.console.framework.paging import LIMIT, Listed, listed, read_place
from service.console.pages.directory.attributes import Fact, facts, role_name, until_known
from service.console.pages.directory.moments import Moment, is_pinned, read_moment
from service.console.pages.directory.strip import (
    Mark,
    Period,
    Scale,
    Strip,
    Titles,
    bands,
    dots,
    gaps,
    neighbours,
    ticks,
)
from service.console.pages.files import CSV_MAX, refuse_too_many, refuse_unknown
from service.console.texts.texts import Phrase
from service.http.answer import Answer
from service.organizations.access.role_groups import read_role_groups
from service.organizations.listing import ListedToken, list_tokens
from service.organizations.people import read_person
from service.replay.answers import Access, Page, access_of_user, search_events, timeline_of_user
from service.replay.as_of import Past, user_at
from service.replay.describe import DescribedEvent

KIND: Final = "timeline"
MARKS_MAX: Final = 1_000  # Changes that the strip shows: the newest.
LATER_MAX: Final = 20
DAYS_MAX: Final = 99_999  # Of the slider.
TOKENS_MAX: Final = 20
COLUMNS: Final = (
    *("position", "at", "type", "actor", "source", "token", "sentence", "changes", "requestId"),
)
KNOWN: Final = frozenset({"at", "position", "type", "format", "cursor"})
CHANGED: Final = Phrase("mark.changed", "Changed")
MARKS: Final = {
    "UserProvisioned": Phrase("mark.created", "Account created"),
    "UserLinked": Phrase("mark.linked", "Linked"),
    "RoleAssigned": Phrase("mark.role", "Role changed"),
    "UserDeactivated": Phrase("mark.deactivated", "Deactivated"),
    "UserReactivated": Phrase("mark.reactivated", "Reactivated"),
    "UserDeleted": Phrase("mark.deleted", "Deleted"),
    "UserErased": Phrase("mark.erased", "Erased"),
    "MembersAdded": Phrase("mark.joined", "Joined a group"),
    "MembersRemoved": Phrase("mark.left", "Left a group"),
    "GroupDeleted": Phrase("mark.left", "Left a group"),
}


@dataclass(frozen=True, slots=True)
class Membership:
    """A group that somebody is in, since when, and what it gives."""

    id: UUID
    name: str
    gives_role: bool
    since: datetime


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page of a person shows."""

    id: UUID
    name: str
    user_name: str
    state: str  # active, inactive, deleted or erased.
    role: str | None
    facts: Sequence[Fact]
    groups: Sequence[Membership]
    groups_today: Sequence[str]  # That it is in today, and was not in then.
    groups_left: Sequence[str]  # That it was in then, and is not in today.


async def read(call: ConsoleCall, user_id: UUID) -> Answer:
    """GET /people/{id}."""
    if day := call.query.get("day"):
        return await _of_slider(call, user_id, day)
    moment = await read_moment(call)
    if moment and not is_pinned(call):
        return call.go(f"/people/{user_id}", **{**call.query, **moment.kept})
    if call.query.get("format") == "csv":
        return await _file(call, user_id, moment)
    await _until_known(call, user_id, moment)
    access = await access_of_user(call.runtime, call.organization, user_id)
    shown = await _shown(call, user_id, access, moment)
    page, position = await _timeline(call, user_id, moment)
    marks = await _marks(call, user_id)
    positions = [each.position for each in marks]
    before, after, is_now = neighbours(positions, moment.position if moment else None)
    record_reading(call, "/people/{id}", position, [user_id])
    begin = access.roles[0].from_at if access.roles else call.now
    days = max((call.times.local(call.now).date() - call.times.local(begin).date()).days, 0)
    at = _instant(call, moment, marks)
    return await call.show(
        "directory/person.html",
        status=422 if call.form.errors else 200,
        person=shown,
        moment=moment,
        kept=moment.kept if moment else {},
        strip=_strip(call, access, marks, at) if access.roles else None,
        before=before,
        after=after,
        is_now=is_now,
        days=days,
        day=min(days, max((call.times.local(at).date() - call.times.local(begin).date()).days, 0))
        if at
        else days,
        page=page,
        timeline=event_rows(call, page.rows, about=user_id),
        later=await _later(call, user_id, moment),
        changes=len(positions),
        is_counted=len(positions) < MARKS_MAX,
        begin=begin,
        position=position,
        tokens=[] if moment else await _tokens(call, user_id, shown),
        done=call.query.get("done", ""),
    )


async def _until_known(call: ConsoleCall, user_id: UUID, moment: Moment | None) -> None:
    """Wait for what describes the present. Somebody who is gone has none."""
    if moment is None:
        with suppress(NotFound):
            person = await read_person(call.runtime, call.organization.id, user_id)
            await until_known(call, {user_id: person.version})


async def _shown(call: ConsoleCall, user_id: UUID, access: Access, moment: Moment | None) -> Shown:
    past, state = await _values(call, user_id, access, moment)
    if past is None:
        return Shown(user_id, access.subject.name, "", state, None, (), (), (), ())
    document = past.document
    now, then = await _memberships(call, access, moment)
    name = document.get("displayName") or document["userName"]
    return Shown(
        user_id,
        str(name),
        document["userName"],
        "active" if document["active"] else "inactive",
        role_name(call, document["roleId"]),
        facts(call, past, is_past=moment is not None),
        then,
        [each.name for each in now if each.id not in {it.id for it in then}] if moment else [],
        [each.name for each in then if each.id not in {it.id for it in now}] if moment else [],
    )


async def _values(
    call: ConsoleCall, user_id: UUID, access: Access, moment: Moment | None
) -> tuple[Past | None, str]:
    """Return what somebody had at a moment, and the state; nothing of who was deleted or erased, or not yet there."""
    if access.subject.is_erased:
        return None, "erased"
    try:
        if moment:
            position = moment.position
            found = await user_at(call.runtime, call.organization, user_id, None, position=position)
            return found, "active"
        return await user_at(call.runtime, call.organization, user_id, None), "active"
    except NotFound:
        if moment and access.roles and moment.position < access.roles[0].from_position:
            return None, "absent"
        return None, "deleted"


async def _memberships(
    call: ConsoleCall, access: Access, moment: Moment | None
) -> tuple[list[Membership], list[Membership]]:
    """Return the groups of today and those of the moment."""
    listed_ = await read_role_groups(call.runtime, call.organization)
    giving = {each.group_id for each in listed_.items}
    now, then = [], []
    for period, name in access.groups:
        made = Membership(period.group_id, name, period.group_id in giving, period.from_at)
        if period.to_at is None:
            now.append(made)
        end = period.to_position
        if (
            moment
            and period.from_position <= moment.position
            and (end is None or end > moment.position)
        ):
            then.append(made)
    now.sort(key=lambda each: each.name)
    then.sort(key=lambda each: each.name)
    return now, then if moment else now


async def _timeline(
    call: ConsoleCall, user_id: UUID, moment: Moment | None
) -> tuple[Listed[DescribedEvent], int]:
    after, first = _place(call)
    upper = moment.position if moment else None
    wanted = Search(to_position=upper, types=_types(call))
    found = await timeline_of_user(
        call.runtime,
        call.organization,
        user_id,
        wanted=wanted,
        page=Page("desc", after, first, LIMIT + 1),
    )
    page = listed(
        KIND,
        call.query.get("cursor"),
        found.events,
        lambda each: [each.position, found.position],
    )
    return page, min(found.position, upper) if upper is not None else found.position


def _types(call: ConsoleCall) -> list[str] | None:
    wanted = call.query.get("type")
    return [wanted] if wanted in MARKS or wanted == "UserChanged" else None


def _place(call: ConsoleCall) -> tuple[int | None, int | None]:
    place = read_place(KIND, call.query.get("cursor"), a_position, a_position)
    return (None, None) if place is None else (place[0], place[1])


async def _later(call: ConsoleCall, user_id: UUID, moment: Moment | None) -> list[EventRow]:
    """Return what happened after the moment: the oldest first of it, as far as a page shows it, newest on top."""
    if moment is None or call.query.get("cursor"):
        return []
    found = await search_events(
        call.runtime,
        call.organization,
        Search(after_position=moment.position, member_id=user_id),
        Page("asc", limit=LATER_MAX),
    )
    return event_rows(call, found.events[::-1], about=user_id)


async def _marks(call: ConsoleCall, user_id: UUID) -> list[Mark]:
    """Return the changes of a person, oldest first."""
    async with call.runtime.pool.acquire() as connection:
        found = await search(
            connection,
            call.organization.id,
            Search(member_id=user_id),
            order="desc",
            after=None,
            position=await reached(connection, call.organization.id),
            limit=MARKS_MAX,
        )
    return [
        Mark(each.at, each.position, call.t(*MARKS.get(each.type, CHANGED))) for each in found[::-1]
    ]


async def _tokens(call: ConsoleCall, user_id: UUID, shown: Shown) -> list[ListedToken]:
    if shown.role != TOKEN_ROLE or not call.has("administrator"):
        return []
    found = await list_tokens(call.runtime, call.organization)
    return [each for each in found if each.token.account_id == user_id][:TOKENS_MAX]


def _instant(call: ConsoleCall, moment: Moment | None, marks: Sequence[Mark]) -> datetime | None:
    """Return the instant of a moment: that of the last change before it, where only a position was asked for."""
    if moment is None:
        return None
    if moment.at is not None:
        return min(moment.at, call.now)
    seen = [each.at for each in marks if each.position <= moment.position]
    return seen[-1] if seen else None


class StripTitles(Titles):
    """What bands and marks of a person are, in the reader's language and zone."""

    def __init__(self, call: ConsoleCall) -> None:
        self.call = call

    def period(self, period: Period) -> str:
        """Return the title of a band."""
        times, t = self.call.times, self.call.t
        begin = times.short_day(period.begin)
        end = times.short_day(period.end) if period.end else t("strip.now", "now")
        word = period.word or t("state.inactive", "Inactive")
        return t("strip.period", "{word}: {begin} to {end}", word=word, begin=begin, end=end)

    def marks(self, marks: Sequence[Mark]) -> str:
        """Return the title of a dot."""
        when = self.call.times.plain(marks[0].at)
        words = "; ".join(dict.fromkeys(each.word for each in marks))
        if len(marks) == 1:
            return f"{when}: {words}"
        count = self.call.tn("strip.changes", "{n} change", "{n} changes", n=len(marks))
        return f"{count}, {when}: {words}"

    def tick(self, at: datetime, *, is_first: bool, unit: str) -> str:
        """Return the label of a tick."""
        if unit == "hour":
            return self.call.times.clock(at)
        pattern = ("MMM y" if is_first else "MMM") if unit == "month" else "d MMM"
        return format_date(at, pattern, locale=self.call.texts.locale)


def _strip(call: ConsoleCall, access: Access, marks: Sequence[Mark], at: datetime | None) -> Strip:
    local, titles = call.times.local, StripTitles(call)
    begin, end = access.roles[0].from_at, access.roles[-1].to_at
    scale = Scale(local(begin), local(end or call.now))
    roles = []
    for each in access.roles:
        name = call.organization.role_name(each.role_id) or ""
        roles.append(Period(name.lower(), role_word(call.texts, name), each.from_at, each.to_at))
    active = [Period("active", "", each.from_at, each.to_at) for each in access.active]
    return Strip(
        bands(scale, roles, titles),
        bands(scale, gaps(begin, active, end), titles),
        ticks(scale, titles),
        dots(scale, marks, titles),
        scale.x(at) if at else None,
    )


async def _of_slider(call: ConsoleCall, user_id: UUID, day: str) -> Answer:
    """Go to the day that the slider was moved to: its number since the account was created."""
    access = await access_of_user(call.runtime, call.organization, user_id)
    days = number_in(day)
    if not access.roles or days is None or days > DAYS_MAX:
        return call.go(f"/people/{user_id}")
    begin = call.times.local(access.roles[0].from_at).date()
    wanted = begin + timedelta(days=days)
    if wanted >= call.times.local(call.now).date():
        return call.go(f"/people/{user_id}")
    return call.go(f"/people/{user_id}", at=wanted.isoformat())


async def _file(call: ConsoleCall, user_id: UUID, moment: Moment | None) -> Answer:
    refuse_unknown(call, KNOWN)
    wanted = Search(to_position=moment.position if moment else None, types=_types(call))
    found = await timeline_of_user(
        call.runtime,
        call.organization,
        user_id,
        wanted=wanted,
        page=Page("desc", limit=CSV_MAX + 1),
    )
    refuse_too_many(call, len(found.events))
    record_reading(call, "/people/{id}", found.position, [user_id])
    return call.csv(f"timeline-{user_id}", COLUMNS, map(_cells, found.events))


def _cells(event: DescribedEvent) -> tuple[object, ...]:
    changes = "; ".join(
        f"{each.attribute}: {each.before} -> {each.after}" for each in event.changes
    )
    return (
        event.position,
        event.recorded_at,
        event.type,
        event.actor.name,
        event.source,
        event.token_label,
        event.sentence,
        changes,
        event.request_id,
    )
