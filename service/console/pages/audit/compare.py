"""Compare two days: which people and groups are not the same, and which events made the difference."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from service.api.cursor import an_id
from service.console.events.reading import record_reading
from service.console.events.rows import EventRow, event_rows
from service.console.events.words import attribute_word
from service.console.framework.call import ConsoleCall
from service.console.framework.forms import number_in
from service.console.framework.paging import LIMIT, Listed, listed, read_after
from service.console.pages.audit.reading import tabs, value_of
from service.console.pages.files import CSV_MAX, refuse_too_many
from service.console.pages.periods import read_period, zone_of
from service.http.answer import Answer
from service.replay.as_of import Difference, differences, positions_between
from service.replay.instants import DATE, MICROSECOND, earlier

KIND: Final = "console diff {} {}"
NAMED_MAX: Final = 20  # Members that a row of the page names.
EVENTS_SHOWN: Final = 10
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
            is_day = DATE.fullmatch(call.query["from"])
            first = earlier(begin, MICROSECOND) if is_day else begin
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
    before, position = (number_in(call.query.get(each)) for each in ("before", "position"))
    if before is None or position is None or before > position:
        return None
    return before, position


async def _page(call: ConsoleCall, before: int, position: int) -> Listed[Differing]:
    kind, cursor = KIND.format(before, position), call.query.get("cursor")
    found = await differences(
        call.runtime,
        call.organization,
        before,
        position,
        after=read_after(kind, cursor, an_id),
        limit=LIMIT + 1,
    )
    rows = [_differing(call, each) for each in found.items]
    return listed(kind, cursor, rows, lambda each: [str(each.id)])


def _differing(call: ConsoleCall, each: Difference) -> Differing:
    joined, left = _moved(each)
    return Differing(
        each.id,
        each.is_user,
        each.name,
        _kind(each),
        _changes(call, each),
        joined[:NAMED_MAX],
        left[:NAMED_MAX],
        len(joined),
        len(left),
        event_rows(call, each.events[-EVENTS_SHOWN:]),
    )


def _kind(each: Difference) -> str:
    return "created" if not each.before else "changed" if each.after else "deleted"


def _changes(call: ConsoleCall, each: Difference) -> list[tuple[str, str, str]]:
    return [
        (
            attribute_word(call.texts, name),
            value_of(call, name, before),
            value_of(call, name, after),
        )
        for name, before, after in each.changes
    ]


def _moved(each: Difference) -> tuple[list[str], list[str]]:
    """Return the names of those who joined a group, and of those who left it."""
    joined = [name for moved, name in each.moved if moved.has_joined]
    left = [name for moved, name in each.moved if not moved.has_joined]
    return joined, left


async def _file(call: ConsoleCall, before: int, position: int) -> Answer:
    found = await differences(
        call.runtime, call.organization, before, position, after=None, limit=CSV_MAX + 1
    )
    rows = [cells for each in found.items for cells in _cells(call, each)]
    refuse_too_many(call, len(rows))
    record_reading(call, "/audit/compare", position)
    return call.csv("differences", COLUMNS, rows)


def _cells(call: ConsoleCall, each: Difference) -> Iterator[tuple[object, ...]]:
    """Yield a row for each attribute that differs, and one for each member who joined or left."""
    who = (each.id, "User" if each.is_user else "Group", each.name, _kind(each))
    joined, left = _moved(each)
    for change in _changes(call, each):
        yield (*who, *change)
    for name in joined:
        yield (*who, "members", "", name)
    for name in left:
        yield (*who, "members", name, "")
