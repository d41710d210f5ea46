"""Search the log: chips say what is searched for, and a row opens to before and after, the request, and the proof."""

from dataclasses import replace
from typing import Any, Final

import orjson

from projections.history.search import Order
from schema.events.organization import ROLE_NAMES
from service.api.cursor import a_position
from service.console.events.reading import record_reading
from service.console.events.rows import EventRow, event_row
from service.console.framework.call import ConsoleCall
from service.console.framework.forms import number_in
from service.console.framework.paging import LIMIT, Listed, listed, read_place
from service.console.pages.audit.reading import tabs
from service.console.pages.audit.wanted import FILTERS, RARE, SOURCES, Wanted, applied, read_wanted
from service.console.pages.files import CSV_MAX, refuse_too_many
from service.console.pages.periods import zone_of
from service.console.pages.provisioning.choices import kind_options, token_options
from service.http.answer import Answer
from service.replay.answers import Events, Page, first_events, search_events
from service.replay.describe import DescribedEvent
from service.replay.documents import EVENT_COLUMNS, flat_event

KIND: Final = "console events"


async def show(call: ConsoleCall) -> Answer:
    """GET /audit: the newest first."""
    wanted = await read_wanted(call)
    if call.query.get("format") == "csv" and not call.form.errors:
        return await _file(call, wanted)
    cursor, order = call.query.get("cursor"), _order(call)
    place = read_place(KIND, cursor, a_position, a_position)
    opened = number_in(call.query.get("open"))
    found = await _found(call, wanted, order, place)
    is_around = (
        opened is not None
        and place is None
        and not call.form.errors
        and opened not in {each.position for each in found.events[:LIMIT]}
    )
    if is_around and opened is not None:  # The row is elsewhere: the list begins with it.
        before = opened + 1 if order == "desc" else opened - 1
        found = await _found(call, wanted, order, [before, found.position])
    page: Listed[DescribedEvent] = listed(
        KIND, cursor, found.events, lambda each: [each.position, found.position]
    )
    record_reading(call, "/audit", found.position, wanted.subjects, names=wanted.names)
    rows = [(each, event_row(call, each)) for each in page.rows]
    return await call.show(
        "audit/search.html",
        status=422 if call.form.errors else 200,
        block="rows",
        page=page,
        rows=rows,
        opened=opened,
        is_around=is_around,
        position=found.position,
        order=order,
        applied=applied(call),
        rare=[name for name in RARE if call.query.get(name)],
        kinds=kind_options(call, with_more=True),
        sources=[
            ("", call.t("source.any", "Any way in")),
            *((each, call.t(*word)) for each, word in SOURCES),
        ],
        roles=ROLE_NAMES,
        tokens=await token_options(call) if not call.is_partial else (),
        zone=zone_of(call).key,
        tabs=tabs(call, "/audit"),
        facts=[
            (name, _fact(value))
            for each, _ in rows
            if each.position == opened
            for name, value in each.facts.items()
        ],
        nearest=await _nearest(call, wanted) if not rows else (None, None),
        labels={name: call.t(*word) for name, word in FILTERS},
    )


def _order(call: ConsoleCall) -> Order:
    return "asc" if call.query.get("order") == "asc" else "desc"


async def _found(call: ConsoleCall, wanted: Wanted, order: Order, place: Any) -> Events:
    page = Page(
        order,
        after=place[0] if place else None,
        position=place[1] if place else None,
        limit=LIMIT + 1,
    )
    return await search_events(call.runtime, call.organization, wanted.search, page)


def _fact(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value, default=str).decode()


async def _nearest(call: ConsoleCall, wanted: Wanted) -> tuple[EventRow | None, EventRow | None]:
    """Return the nearest events before and after the period of a search that found nothing."""
    search = wanted.search
    if call.form.errors or (search.after_position is None and search.to_position is None):
        return None, None
    before = after = None
    if search.after_position:
        earlier = replace(search, after_position=None, to_position=search.after_position)
        before = await _first(call, earlier, "desc")
    if search.to_position is not None:
        later = replace(search, after_position=search.to_position, to_position=None)
        after = await _first(call, later, "asc")
    return before, after


async def _first(call: ConsoleCall, search: Any, order: Order) -> EventRow | None:
    found = await search_events(call.runtime, call.organization, search, Page(order, limit=1))
    return event_row(call, found.events[0]) if found.events else None


async def _file(call: ConsoleCall, wanted: Wanted) -> Answer:
    """Return all rows of a search as a file. Exports hold more than a file of a page may."""
    found = await first_events(
        call.runtime, call.organization, wanted.search, order=_order(call), most=CSV_MAX + 1
    )
    refuse_too_many(call, len(found.events))
    record_reading(call, "/audit", found.position, wanted.subjects, names=wanted.names)
    documents = map(flat_event, found.events)
    return call.csv(
        "events", EVENT_COLUMNS, ([each.get(name) for name in EVENT_COLUMNS] for each in documents)
    )
