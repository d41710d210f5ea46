"""The first page says whether provisioning is healthy, and what needs somebody."""

from datetime import timedelta
from typing import Any, Final

from projections.history.search import Search
from schema.events.organization import ROLE_NAMES
from service.console.events.reading import record_reading
from service.console.events.rows import event_rows
from service.console.framework.call import ConsoleCall
from service.console.framework.charts import bar_chart
from service.console.pages.overview_facts import (
    DAYS,
    DayCounts,
    PeopleCounts,
    all_tokens,
    find_needs,
    last_cycle,
)
from service.http.answer import Answer
from service.replay.answers import Page, search_events

LATEST: Final = 8
LABELLED_EVERY: Final = 7  # Days of the chart.
PEOPLE: Final = PeopleCounts()


async def show(call: ConsoleCall) -> Answer:
    """GET /."""
    tokens = await all_tokens(call)
    cycle = await last_cycle(call)
    needs = await find_needs(call, cycle, tokens)
    latest = await search_events(call.runtime, call.organization, Search(), Page(limit=LATEST))
    record_reading(call, "/", latest.position)  # It shows who changed what last.
    async with call.runtime.pool.acquire() as connection:
        people = await PEOPLE.find(connection, call.organization.id)
    roles = [(name, people.get((call.organization.roles[name], True), 0)) for name in ROLE_NAMES]
    active = sum(count for (_, is_active), count in people.items() if is_active)
    inactive = sum(people.values()) - active
    return await call.show(
        "overview.html",
        block="content",
        needs=needs,
        cycle=cycle,
        tokens=tokens,
        usable=sum(each.state in {"active", "expiring"} for each in tokens),
        roles=roles,
        most=max([count for _, count in roles], default=0) or 1,
        active=active,
        inactive=inactive,
        latest=event_rows(call, latest.events),
        position=latest.position,
        is_new=cycle is None and active + inactive == 0,
        **await _chart(call),
    )


async def _chart(call: ConsoleCall) -> dict[str, Any]:
    counts: DayCounts = call.parts.extras["days"]
    today = call.times.local(call.now).date()
    first = today - timedelta(days=DAYS - 1)
    async with call.runtime.pool.acquire() as connection:
        days = await counts.days(
            connection,
            call.organization.id,
            zone=call.times.zone.key,
            first=first,
            begin=call.times.start_of(first),
        )
    sentences = [
        str(
            call.t(
                "overview.day",
                "{day}: {created} created, {changed} changed, {ended} deactivated",
                day=call.times.short_day(each.day),
                created=each.created,
                changed=each.changed,
                ended=each.ended,
            )
        )
        for each in days
    ]
    labels = [
        call.times.day_and_month(each.day)
        if index % LABELLED_EVERY == 1 and index < DAYS - LABELLED_EVERY // 2
        else ""
        for index, each in enumerate(days)
    ]
    labels[-1] = str(call.t("overview.today", "Today"))
    most = max(days, key=lambda each: each.created + each.changed + each.ended)
    return {
        "chart": bar_chart(
            [
                (("changed", each.changed), ("created", each.created), ("ended", each.ended))
                for each in days
            ],
            sentences,
            labels,
        ),
        "finding": call.t(
            "overview.most",
            "Most changes on {day}: {n}.",
            day=call.times.day(most.day),
            n=most.created + most.changed + most.ended,
        ),
        "chart_rows": [
            (call.times.short_day(each.day), each.created, each.changed, each.ended)
            for each in reversed(days)
        ],
    }
