"""Compare two days: which people and groups are not the same, and which events made the difference."""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from markupsafe import Markup

from service.api.cursor import an_id
from service.console.events.reading import record_reading
from service.console.events.rows import EventRow, event_rows
from service.console.events.words import attribute_word, value_word
from service.console.framework.call import ConsoleCall
from service.console.framework.paging import LIMIT, Listed, listed, read_place
from service.console.pages.audit.reading import tabs
from service.console.pages.periods import position_in, read_period, zone_of
from service.http.answer import Answer
from service.replay.as_of import Difference, differences, positions_between
from service.replay.instants import DATE, MICROSECOND

KIND: Final = "console diff {} {}"
CSV_MAX: Final = 2_000
NAMED_MAX: Final = 20  # Members that a row names.
COLUMNS: Final = ("id", "type", "name", "kind", "attribute", "before", "after")


@dataclass(frozen=True, slots=True)
class Differing:
    """A person or a group that is not the same on two days."""

    id: UUID
    is_person: bool
    name: str
    kind: str  # created, changed or deleted
    changes: list[tuple[str, str, str]]
    joined: list[str]
    left: list[str]
    joined_count: int
    left_count: int
    events: list[EventRow]


async def show(call: ConsoleCall) -> Answer:
    """GET /audit/compare."""
    begin, end = read_period(call)
    positions = _positions(call)
    if begin is None and positions is None and (call.query.get("to") or call.query.get("format")):
        call.form.refuse("from", call.t("diff.no_day", "Choose the first of the two days."))
    page: Listed[Differing] | None = None
    if not call.form.errors and (positions or begin is not None):
        if positions is None:
            assert begin is not None
            first = begin - MICROSECOND if DATE.fullmatch(call.query["from"]) else begin
            positions = await positions_between(
                call.runtime, call.organization, first, end or call.now
            )
        if call.query.get("format") == "csv":
            return await _file(call, *positions)
        page = await _page(call, *positions)
        record_reading(call, "/audit/compare", positions[1])
    return await call.show(
        "audit/compare.html",
        status=422 if call.form.errors else 200,
        page=page,
        begin=begin,
        end=end,
        positions=positions,
        permalink=call.links.again(
            call.path, call.query, before=positions[0], position=positions[1], cursor=None
        )
        if positions
        else None,
        zone=zone_of(call).key,
        tabs=tabs(call, "/audit/compare"),
    )


def _positions(call: ConsoleCall) -> tuple[int, int] | None:
    """Return the two positions of a copied address."""
    before, position = (position_in(call.query.get(each)) for each in ("before", "position"))
    if before is None or position is None or before > position:
        return None
    return before, position


async def _page(call: ConsoleCall, before: int, position: int) -> Listed[Differing]:
    kind, cursor = KIND.format(before, position), call.query.get("cursor")
    place = read_place(kind, cursor)
    found = await differences(
        call.runtime,
        call.organization,
        before,
        position,
        after=an_id(place[0]) if place else None,
        limit=LIMIT + 1,
    )
    rows = [_differing(call, each) for each in found.items]
    return listed(kind, cursor, rows, lambda each: [str(each.id)])


def _differing(call: ConsoleCall, each: Difference) -> Differing:
    joined = [name for moved, name in each.moved if moved.has_joined]
    left = [name for moved, name in each.moved if not moved.has_joined]
    kind = "created" if not each.before else "changed" if each.after else "deleted"
    return Differing(
        each.id,
        each.is_user,
        each.name,
        kind,
        [
            (
                attribute_word(call.texts, name),
                value_word(call.texts, _named(call, name, before), name),
                value_word(call.texts, _named(call, name, after), name),
            )
            for name, before, after in each.changes
        ],
        joined[:NAMED_MAX],
        left[:NAMED_MAX],
        len(joined),
        len(left),
        event_rows(call, each.events[-10:]),
    )


def _named(call: ConsoleCall, attribute: str, value: Any) -> Any:
    """Return the name of a role in place of its id."""
    if attribute != "roleId" or not value:
        return value
    return call.organization.role_name(UUID(str(value))) or value


async def _file(call: ConsoleCall, before: int, position: int) -> Answer:
    found = await differences(
        call.runtime, call.organization, before, position, after=None, limit=CSV_MAX
    )
    record_reading(call, "/audit/compare", position)
    rows: list[tuple[Any, ...]] = []
    for each in found.items:
        row = _differing(call, each)
        who = (row.id, "User" if row.is_person else "Group", row.name, row.kind)
        rows += [(*who, *change) for change in row.changes]
        rows += [(*who, "members", "", name) for name in row.joined]
        rows += [(*who, "members", name, "") for name in row.left]
    return call.csv("differences", COLUMNS, ([_plain(cell) for cell in row] for row in rows))


def _plain(cell: Any) -> Any:
    return str(cell) if isinstance(cell, Markup) else cell
