"""Cycles: what an identity provider changed in one go, what was refused and why, and how the cycle before was."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from projections.history.search import Search
from schema.scim.errors import InvalidValue, NotFound
from service.api.cursor import a_position, an_id, an_instant
from service.console.events.reading import record_reading
from service.console.events.rows import event_rows
from service.console.framework.call import ConsoleCall
from service.console.framework.charts import BarChart, bar_chart
from service.console.framework.paging import LIMIT, Listed, listed, read_after, read_place
from service.console.pages.files import CSV_MAX, refuse_too_many
from service.console.pages.periods import read_period
from service.console.pages.provisioning.choices import as_uuid, kind_options, token_options
from service.console.pages.provisioning.refusals import (
    Refusal,
    explained,
    explained_reasons,
    found_word,
)
from service.console.texts.texts import Phrase
from service.http.answer import Answer
from service.replay.answers import Page, search_events
from service.replay.cycles import (
    CountedCycle,
    DescribedRequest,
    cycle_in_detail,
    list_cycles,
    list_requests,
    search_of_cycle,
)
from service.replay.describe import DescribedEvent
from service.replay.wanted import NOTHING, streams_of, types_in
from service.requests.read import CycleFilter, RequestFilter

KIND, CHANGES, REFUSALS = "console cycles", "cycle changes", "cycle refusals"  # Of cursors.
CHARTED: Final = 30
BARS_MIN: Final = 15
COUNTS: Final = (
    ("created", Phrase("count.created", "Created")),
    ("changed", Phrase("count.changed", "Attributes changed")),
    ("roles", Phrase("count.roles", "Roles changed")),
    ("deactivated", Phrase("count.deactivated", "Deactivated")),
    ("reactivated", Phrase("count.reactivated", "Reactivated")),
    ("deleted", Phrase("count.deleted", "Deleted")),
    ("members_added", Phrase("count.members_added", "Members added")),
    ("members_removed", Phrase("count.members_removed", "Members removed")),
    ("unchanged", Phrase("count.unchanged", "Unchanged")),
    ("refused", Phrase("count.refused", "Refused")),
    ("requests", Phrase("count.requests", "Requests")),
    ("reads", Phrase("count.reads", "Requests that only read")),
)
COLUMNS: Final = ("id", "token", "startedAt", "lastAt", *(name for name, _ in COUNTS))
REFUSAL_COLUMNS: Final = (
    *("at", "name", "method", "route", "status", "scimType", "attribute", "finding"),
    *("found", "change", "detail", "requestId", "since", "cycles"),
)
CHANGED: Final = ("changed", "roles", "reactivated", "members_added", "members_removed")
ENDED: Final = ("deactivated", "deleted")


def changed_in(cycle: CountedCycle) -> int:
    """Return how many changes a cycle made that neither created anything nor ended access."""
    return sum(cycle.counts[each] for each in CHANGED)


def ended_in(cycle: CountedCycle) -> int:
    """Return how many people or groups lost access or were deleted in a cycle."""
    return sum(cycle.counts[each] for each in ENDED)


async def read_list(call: ConsoleCall) -> Answer:
    """GET /cycles: the latest first."""
    begin, end = read_period(call)
    token, is_refused = call.query.get("token"), call.query.get("outcome") == "refused"
    wanted = CycleFilter(as_uuid(token), begin, end, is_refused=is_refused)
    is_csv = call.query.get("format") == "csv" and not call.form.errors
    cursor = None if is_csv else call.query.get("cursor")
    place = read_place(KIND, cursor, an_instant, an_id)
    found = await list_cycles(
        call.runtime,
        call.organization,
        wanted,
        after=(place[0], place[1]) if place else None,
        limit=(CSV_MAX if is_csv else LIMIT) + 1,
    )
    record_reading(call, "/cycles", found.position)
    if is_csv:
        refuse_too_many(call, len(found.items))
        return call.csv("cycles", COLUMNS, map(_cells, found.items))
    page: Listed[CountedCycle] = listed(
        KIND,
        cursor,
        found.items,
        lambda each: [each.cycle.started_at.isoformat(), str(each.cycle.id)],
    )
    return await call.show(
        "provisioning/cycles.html",
        status=422 if call.form.errors else 200,
        block="rows",
        page=page,
        chart=None if place else _chart(call, found.items[:CHARTED]),
        charted=list(reversed(found.items[:CHARTED])),
        tokens=await token_options(call),
        is_filtered=any(call.query.get(each) for each in ("from", "to", "token", "outcome")),
        changed_in=changed_in,
        ended_in=ended_in,
    )


def _cells(each: CountedCycle) -> tuple[object, ...]:
    cycle = each.cycle
    counts = (each.counts[name] for name, _ in COUNTS)
    return (cycle.id, each.token_label, cycle.started_at, cycle.last_at, *counts)


def _chart(call: ConsoleCall, cycles: Sequence[CountedCycle]) -> BarChart:
    """Return the bars of the latest cycles, the oldest first."""
    shown = list(reversed(cycles))
    space = max(0, BARS_MIN - len(shown))  # A single bar would be as wide as the page.
    bars: list[list[tuple[str, int]]] = [[] for _ in range(space)]
    bars += [
        [
            ("created", each.counts["created"]),
            ("changed", changed_in(each)),
            ("ended", ended_in(each)),
        ]
        for each in shown
    ]
    sentences = [
        call.t(
            "cycles.bar",
            "{moment}: {created} created, {changed} changed, {ended} ended, {refused} refused",
            moment=call.times.plain(each.cycle.started_at),
            created=each.counts["created"],
            changed=changed_in(each),
            ended=ended_in(each),
            refused=each.counts["refused"],
        )
        for each in shown
    ]
    ends = {0, len(shown) - 1}
    labels = [
        call.times.short_day(each.cycle.started_at) if index in ends else ""
        for index, each in enumerate(shown)
    ]
    empty = [""] * space
    return bar_chart(bars, [*empty, *sentences], [*empty, *labels])


async def read_one(call: ConsoleCall, cycle_id: UUID) -> Answer:
    """GET /cycles/{id}: what changed, what was refused and what to change."""
    found = await cycle_in_detail(call.runtime, call.organization, cycle_id)
    record_reading(call, "/cycles/{id}", found.position)
    if call.query.get("format") == "csv":
        return await _refusals_file(call, cycle_id)
    cursor = call.query.get("cursor")
    events, page = await _changes(call, cycle_id, cursor)
    return await call.show(
        "provisioning/cycle.html",
        status=422 if call.form.errors else 200,
        found=found,
        counts=found.cycle.counts,
        before=found.before,
        changed_in=changed_in,
        ended_in=ended_in,
        reasons=await explained_reasons(call, found),
        changes=event_rows(call, events),
        page=page,
        kinds=kind_options(call),
        is_filtered=bool(call.query.get("type") or call.query.get("q")),
    )


async def _changes(
    call: ConsoleCall, cycle_id: UUID, cursor: str | None
) -> tuple[Sequence[DescribedEvent], Listed[DescribedEvent]]:
    """Return a page of what a cycle changed, in its order."""
    place = read_place(CHANGES, cursor, a_position, a_position)
    wanted = await _search(call, cycle_id)
    page = Page(
        "asc",
        after=place[0] if place else None,
        position=place[1] if place else None,
        limit=LIMIT + 1,
    )
    found = await search_events(call.runtime, call.organization, wanted, page)
    rows = listed(CHANGES, cursor, found.events, lambda each: [each.position, found.position])
    return rows.rows, rows


async def _search(call: ConsoleCall, cycle_id: UUID) -> Search:
    """Return which events of a cycle are wanted."""
    name, organization = call.query.get("q", ""), call.organization
    async with call.runtime.pool.acquire() as connection:
        cycle = await search_of_cycle(connection, organization.id, cycle_id)
        streams = None
        if name:
            place = (connection, call.runtime.sealer, organization.id)
            streams = await streams_of(*place, user_name=name)
            if not streams:
                try:
                    streams = await streams_of(*place, group=name)
                except NotFound:
                    return NOTHING
    try:
        types = types_in(call.query.get("type") or None)
    except InvalidValue:
        return NOTHING
    return Search(streams=streams, types=types).within(cycle) or NOTHING


async def read_refusals(call: ConsoleCall, cycle_id: UUID) -> Answer:
    """GET /cycles/{id}/refusals: all of them, or those with one finding."""
    if call.query.get("format") == "csv":
        return await _refusals_file(call, cycle_id)
    cursor, finding = call.query.get("cursor"), call.query.get("finding")
    after = read_after(REFUSALS, cursor, an_id)
    cycle = await cycle_in_detail(call.runtime, call.organization, cycle_id)
    found = await list_requests(
        call.runtime,
        call.organization,
        RequestFilter(cycle_id=cycle_id, finding=finding or None),
        after=after,
        limit=LIMIT + 1,
    )
    page: Listed[DescribedRequest] = listed(
        REFUSALS, cursor, found.items, lambda each: [str(each.request.id)]
    )
    refusals: list[Refusal] = [explained(call, each) for each in page.rows]
    record_reading(call, "/cycles/{id}/refusals", found.position)
    return await call.show(
        "provisioning/refusals.html", cycle=cycle.cycle, page=page, refusals=refusals
    )


async def _refusals_file(call: ConsoleCall, cycle_id: UUID) -> Answer:
    wanted = RequestFilter(cycle_id=cycle_id, finding=call.query.get("finding") or None)
    found = await list_requests(call.runtime, call.organization, wanted, limit=CSV_MAX + 1)
    refuse_too_many(call, len(found.items))
    record_reading(call, "/cycles/{id}/refusals", found.position)
    rows = (_refusal_cells(explained(call, each)) for each in found.items)
    return call.csv("refusals", REFUSAL_COLUMNS, rows)


def _refusal_cells(each: Refusal) -> tuple[object, ...]:
    request, reason = each.request.request, each.request.reason
    return (
        *(request.at, each.name, request.method, request.route, request.status, request.scim_type),
        *(request.attribute, request.finding, each.found.striptags(), each.change.striptags()),
        *(each.detail, request.request_id, reason.since if reason else None),
        reason.cycles if reason else None,
    )


async def compare(call: ConsoleCall, cycle_id: UUID) -> Answer:
    """GET /cycles/{id}/compare: with the cycle of the same token before it."""
    found = await cycle_in_detail(call.runtime, call.organization, cycle_id)
    if found.before is None:
        raise NotFound("There is no cycle before: this is the first one of its token that is kept.")
    before = await cycle_in_detail(call.runtime, call.organization, found.before.cycle.id)
    now_reasons = {(each.finding, each.attribute): each for each in found.reasons}
    old_reasons = {(each.finding, each.attribute): each for each in before.reasons}
    rows = [
        (call.t(*word), found.before.counts[name], found.cycle.counts[name])
        for name, word in COUNTS
    ]
    if call.query.get("format") == "csv":
        return call.csv(
            "comparison",
            ("count", "before", "now", "difference"),
            (
                (name, then, now, now - then)
                for (name, _), (_, then, now) in zip(COUNTS, rows, strict=True)
            ),
        )
    return await call.show(
        "provisioning/compare.html",
        found=found,
        before=found.before,
        rows=rows,
        reasons=[
            (
                found_word(call, *key),
                old_reasons[key].requests if key in old_reasons else 0,
                now_reasons[key].requests if key in now_reasons else 0,
            )
            for key in [*now_reasons, *(each for each in old_reasons if each not in now_reasons)]
        ],
    )
