"""Projections: whether one is behind or wrong, and what rebuilds, verifies or rolls it back, with its progress."""

import asyncio
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from aiohttp import web

from projections.maintenance.builds import Shards
from projections.maintenance.status import Status, load_statuses
from projections.rebuild.disk import folder_of, needed_bytes
from projections.registry import PROJECTIONS
from schema.scim.errors import NotFound, ScimError
from service.console.framework.call import ConsoleCall
from service.console.live import send_ticks
from service.console.pages.operations.names import organization_names
from service.console.pages.operations.works import KINDS, Kind, Work, Works
from service.http.answer import Answer
from service.http.health import PROOF, READY

LAGS_MAX: Final = 20  # Organizations that a projection names, the furthest behind first.
SAMPLE_AGE_S: Final = 60.0  # Rates are those of the last minute.


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a rebuild is, wherever it was started."""

    phase: str  # load, index, verify or swap
    done: int
    total: int
    per_s: float | None
    left: timedelta | None

    @property
    def percent(self) -> int:
        """Return how much of the phase is done."""
        return min(100, 100 * self.done // self.total) if self.total else 0


class Rates:
    """The progress that was seen before, from which rates are computed. One per process."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], list[tuple[float, int]]] = {}

    def progress(self, name: str, shards: Shards) -> Progress:
        """Return how far a rebuild is."""
        if shards.to_load:
            phase, done = "load", shards.events_loaded
        elif shards.to_verify:
            phase, done = (
                ("verify", shards.events_verified) if shards.events_verified else ("index", 0)
            )
        else:
            phase, done = "swap", shards.events
        now_s = asyncio.get_running_loop().time()
        seen = self._seen.setdefault((name, phase), [])
        if seen and (done < seen[-1][1] or now_s - seen[-1][0] > SAMPLE_AGE_S):
            seen.clear()  # Another rebuild.
        seen.append((now_s, done))
        while seen[0][0] < now_s - SAMPLE_AGE_S:
            seen.pop(0)
        first_s, first = seen[0]
        span_s = now_s - first_s
        per_s = (done - first) / span_s if span_s > 0 and done > first else None
        left = timedelta(seconds=(shards.events - done) / per_s) if per_s else None
        return Progress(phase, done, shards.events, per_s, left)


@dataclass(frozen=True, slots=True)
class Shown:
    """A projection as the page shows it."""

    status: Status
    work: Work | None  # That was started last, in this process.
    verified: Work | None
    progress: Progress | None  # Of a rebuild that runs or was interrupted.
    events: int  # That are not followed yet, in all.
    seconds: float  # Age of the oldest of them.

    @property
    def name(self) -> str:
        """Return its name."""
        return self.status.projection.name

    @property
    def is_busy(self) -> bool:
        """Return whether something changes its tables, or compares them here."""
        return self.status.is_rebuilding or (self.work is not None and self.work.is_running)


def works_of(call: ConsoleCall) -> Works:
    """Return the works of this process."""
    works: Works = call.parts.extras["works"]
    return works


async def _load(call: ConsoleCall) -> list[Shown]:
    async with call.runtime.pool.acquire() as connection:
        statuses = await load_statuses(connection)
    works, rates = works_of(call), call.parts.extras["rates"]
    return [
        Shown(
            each,
            works.latest(each.projection.name),
            works.latest(each.projection.name, "verify"),
            rates.progress(each.projection.name, each.shards) if each.next else None,
            sum(lag.events for lag in each.lags),
            max((lag.seconds for lag in each.lags), default=0.0),
        )
        for each in statuses
    ]


async def show(call: ConsoleCall) -> Answer:
    """GET /operations."""
    shown = await _load(call)
    reason = (await call.request.app[READY].get()).reason or call.request.app[PROOF].reason()
    return await call.show(
        "operations/status.html",
        block="live",
        shown=shown,
        reason=reason,
        tail=sum(lag.tail for lag in shown[0].status.lags) if shown else 0,
        parked=sum(len(each.status.parked) for each in shown),
        span=lambda seconds: call.t(
            "operations.seconds", "{n} s", n=call.texts.number(round(seconds, 1))
        ),
        furthest=max(shown, key=lambda each: each.seconds, default=None),
        has_owner=call.runtime.logins.owner is not None,
    )


async def stream(call: ConsoleCall) -> web.StreamResponse:
    """GET /operations/stream: a number that grows whenever there is something to show."""

    async def mark() -> object:
        async with call.runtime.pool.acquire() as connection:
            statuses = await load_statuses(connection)
        return works_of(call).mark, [
            (
                each.shards,
                each.is_rebuilding,
                each.build,
                len(each.parked),
                sum(lag.events for lag in each.lags),
            )
            for each in statuses
        ]

    return await send_ticks(call, mark)


async def read_one(call: ConsoleCall, name: str) -> Answer:
    """GET /operations/{projection}: how far it is behind each log, and the log of what ran last."""
    shown = await _one(call, name)
    names = await organization_names(call)
    lags = sorted(shown.status.lags, key=lambda each: (-each.beyond, -each.events))[:LAGS_MAX]
    return await call.show(
        "operations/projection.html",
        block="live",
        each=shown,
        lags=[(names.get(lag.organization_id, str(lag.organization_id)), lag) for lag in lags],
        more=max(0, len(shown.status.lags) - LAGS_MAX),
        has_owner=call.runtime.logins.owner is not None,
    )


async def _one(call: ConsoleCall, name: str) -> Shown:
    if name not in PROJECTIONS:
        raise NotFound("There is no such projection.")
    return next(each for each in await _load(call) if each.name == name)


async def ask(call: ConsoleCall, name: str, kind: str) -> Answer:
    """GET /operations/{projection}/{kind}: what will happen, what it needs, how it is undone."""
    if kind not in KINDS:
        raise NotFound("There is no such work.")
    return await _ask(call, await _one(call, name), kind)


async def _ask(call: ConsoleCall, shown: Shown, kind: str, *, status: int = 200) -> Answer:
    return await call.show(
        "operations/ask.html", status=status, each=shown, kind=kind, **await _needs(call, shown)
    )


async def _needs(call: ConsoleCall, shown: Shown) -> Mapping[str, Any]:
    """Return the disk that a rebuild needs and that is free, and why one cannot begin."""
    async with call.runtime.pool.acquire() as connection:
        needed = await needed_bytes(connection, shown.name)
        folder = await folder_of(connection)
    return {
        "needed": needed,
        "free": shutil.disk_usage(folder).free if folder else None,
        "has_owner": call.runtime.logins.owner is not None,
        "contradicted": call.request.app[PROOF].document().get("contradictions", ()),
    }


async def start(call: ConsoleCall, name: str, kind: str) -> Answer:
    """POST /operations/{projection}/{kind}."""
    if kind not in KINDS:
        raise NotFound("There is no such work.")
    shown = await _one(call, name)
    if kind != "verify" and call.form.value("name") != name:
        call.form.refuse(
            "name",
            call.t(
                "operations.type_name",
                "Type {name} to confirm. You entered {value}.",
                name=name,
                value=call.form.value("name")[:40] or call.t("filter.nothing", "nothing"),
            ),
        )
    if kind != "verify" and call.runtime.logins.owner is None:
        call.form.refuse("", _no_owner(call, name, kind))
    chosen: Kind = next(each for each in KINDS if each == kind)
    if not call.form.errors:
        try:
            await works_of(call).start(name, chosen, call.caller.name)
        except ScimError as error:
            call.form.refuse("", call.said(error))
    if call.form.errors:
        return await _ask(call, shown, kind, status=422)
    return call.go(f"/operations/{name}")


def _no_owner(call: ConsoleCall, name: str, kind: str) -> str:
    return call.t(
        "operations.no_owner",
        "This service does not have the owner's login, which changes tables. Run where it is: {command}",
        command=f"scim-ledger projections {kind} {name}",
    )


async def verify_all(call: ConsoleCall) -> Answer:
    """POST /operations/verify: every projection, each in a process of its own."""
    works = works_of(call)
    for name in PROJECTIONS:
        last = works.latest(name)
        if last is None or not last.is_running:
            await works.start(name, "verify", call.caller.name)
    return call.go("/operations")


async def cancel(call: ConsoleCall, name: str) -> Answer:
    """POST /operations/{projection}/cancel."""
    if name not in PROJECTIONS:
        raise NotFound("There is no such projection.")
    works_of(call).cancel(name)
    return call.go(f"/operations/{name}")
