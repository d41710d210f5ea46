"""Live activity: what arrives right now and how it is answered. The stream carries positions; the page reads the rest."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Final
from uuid import UUID

from aiohttp import web
from markupsafe import Markup

from eventstore.postgres.connection import Connection
from eventstore.sealing.sealer import Sealer
from projections.history.search import Search
from schema.scim.errors import InvalidValue
from service.console.events.reading import record_reading
from service.console.events.rows import MARK, MARKS, event_row
from service.console.framework.call import ConsoleCall
from service.console.live import send_positions
from service.console.pages.provisioning.choices import as_uuid, kind_options, token_options
from service.console.pages.provisioning.refusals import explained
from service.console.texts.texts import bdi
from service.http.answer import Answer
from service.replay.answers import Page, search_events
from service.replay.cycles import DescribedRequest, list_cycles, list_requests
from service.replay.describe import DescribedEvent
from service.replay.wanted import types_in
from service.requests.read import CycleFilter, RequestFilter, read_requests

SHOWN_MAX: Final = 50
READ_MAX: Final = 200  # Events that rows are summed from.
SUMMED_MIN: Final = 10  # So many of a kind within a second become one row.


@dataclass(frozen=True, slots=True)
class Arrived:
    """A row: what arrived, when, and how it was answered."""

    at: datetime
    icon: str
    kind: str
    sentence: Markup
    position: int | None
    href: str | None
    sub: str = ""


async def show(call: ConsoleCall) -> Answer:
    """GET /activity: the last 50. With JavaScript, the rows are asked for again as something arrives."""
    token, outcome = as_uuid(call.query.get("token")), call.query.get("outcome")
    rows: list[Arrived] = []
    if outcome != "refused":
        rows += await _events(call, token)
    if outcome != "changed" and not call.query.get("type"):
        rows += await _refusals(call, token)
    rows.sort(key=lambda each: each.at, reverse=True)
    cycles = await list_cycles(call.runtime, call.organization, CycleFilter(), limit=1)
    record_reading(call, "/activity", cycles.position)
    return await call.show(
        "provisioning/activity.html",
        block="rows",
        rows=rows[:SHOWN_MAX],
        kinds=kind_options(call),
        tokens=await token_options(call) if not call.is_partial else (),
        cycle=next(iter(cycles.items), None),
        filters={name: call.query.get(name) for name in ("type", "token", "outcome")},
    )


async def stream(call: ConsoleCall) -> web.StreamResponse:
    """GET /activity/stream: a position, whenever something arrives."""

    async def mark() -> object:
        async with call.runtime.pool.acquire() as connection:
            return await mark_of(connection, call.runtime.sealer, call.organization.id)

    return await send_positions(call, mark)


async def mark_of(connection: Connection, sealer: Sealer, organization_id: UUID) -> UUID | None:
    """Return the id of the newest refused request, in one light statement: each open page asks every five seconds."""
    found = await read_requests(
        connection, sealer, organization_id, RequestFilter(), after=None, limit=1
    )
    return found[0].id if found else None


async def _events(call: ConsoleCall, token: Any) -> list[Arrived]:
    try:
        types = types_in(call.query.get("type") or None)
    except InvalidValue:
        return []
    wanted = Search(token_id=token, types=types)
    found = await search_events(
        call.runtime, call.organization, wanted, Page("desc", limit=READ_MAX)
    )
    return list(_rows(call, found.events))


def _rows(call: ConsoleCall, events: Sequence[DescribedEvent]) -> Iterable[Arrived]:
    """Yield rows, newest first. Many events of a kind within a second are one row."""

    def key(each: DescribedEvent) -> object:
        subject = each.resource_id if each.resource_type == "Group" else None
        return each.recorded_at.replace(microsecond=0), each.type, each.token_id, subject

    for _, same in groupby(events, key):
        group = list(same)
        if len(group) >= SUMMED_MIN:
            yield _summed(call, group)
        else:
            for each in group:
                row = event_row(call, each)
                yield Arrived(row.at, row.icon, row.kind, row.sentence, row.position, row.href)


def _summed(call: ConsoleCall, group: Sequence[DescribedEvent]) -> Arrived:
    first = group[0]
    words: dict[str, str] = {
        value: word
        for kinds, word in kind_options(call, with_more=True)
        for value in kinds.split(",")
    }
    sentence = call.tn(
        "live.summed",
        "{actor}: {kind}, {n} event.",
        "{actor}: {kind}, {n} events.",
        n=len(group),
        actor=bdi(first.token_label or first.actor.name),
        kind=words.get(first.type, first.type),
    )
    icon, kind = MARKS.get(first.type, MARK)
    return Arrived(first.recorded_at, icon, kind, sentence, first.position, None)


async def _refusals(call: ConsoleCall, token: Any) -> list[Arrived]:
    wanted = RequestFilter(token_id=token)
    found = await list_requests(call.runtime, call.organization, wanted, limit=SHOWN_MAX)
    return [_refused(call, each) for each in found.items]


def _refused(call: ConsoleCall, each: DescribedRequest) -> Arrived:
    refusal, request = explained(call, each), each.request
    token = bdi(each.token_label or call.t("live.unknown_token", "unknown"))
    values: dict[str, Any] = {"token": token, "found": refusal.found}
    if refusal.name:
        name = bdi(refusal.name)
        said = call.t(
            "live.refused_about",
            "Token “{token}” was refused, about {name}: {found}",
            name=name,
            **values,
        )
    else:
        said = call.t("live.refused", "Token “{token}” was refused: {found}", **values)
    sub = f"{request.method} {request.route or ''} · {request.status}"
    is_held = request.finding == "heldByGuard"
    href = call.links.to(f"/cycles/{request.cycle_id}") if request.cycle_id else None
    return Arrived(
        request.at,
        "held" if is_held else "crossed",
        "warn" if is_held else "bad",
        said,
        None,
        href,
        sub,
    )
