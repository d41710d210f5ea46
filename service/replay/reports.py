"""Reports ready to print: access on a day, role changes, leavers, administrators over time, people not seen."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final
from uuid import UUID

from projections.directory.load import pieces
from projections.history.read import (
    holders_ever,
    last_access_ends,
    last_provisioned,
    role_periods,
    unseen_at,
)
from projections.history.search import Search, reached
from schema.events.organization import ROLE_NAMES, TOKEN_ROLE, Organization
from service.replay.answers import Page, name_holders, search_events
from service.replay.describe import DescribedEvent
from service.replay.export import ACCESS_COLUMNS, Row, access_rows, with_groups
from service.replay.instants import earlier
from service.replay.wanted import position_of, positions_of
from service.runtime import Runtime

ROWS_MAX: Final = 100_000
PAGE: Final = 500
ENDS: Final[Mapping[str, str]] = {
    "UserDeactivated": "deactivated",
    "UserReactivated": "reactivated",
    "UserDeleted": "deleted",
}
TITLES: Final[Mapping[str, str]] = {
    "access": "Access on a day",
    "role-changes": "Role changes in a period",
    "leavers": "People who left in a period, and how long their access stayed",
    "administrators": "Administrators over time",
    "unseen": "People whom provisioning has not touched",
}


@dataclass(frozen=True, slots=True)
class Period:
    """From when to when; the end counts."""

    begin: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Table:
    """A report: its title, what it covers, and its rows."""

    title: str
    covers: str
    columns: Sequence[str]
    rows: Sequence[Row]
    position: int
    is_cut: bool  # There are more rows than these.


async def report(
    runtime: Runtime,
    organization: Organization,
    name: str,
    period: Period,
    *,
    days: int = 90,
    most: int | None = None,
) -> Table:
    """Return a report by its name, with its first `most` rows, and never more than ROWS_MAX.

    `days` is for `unseen`; a report of one day looks at the end of the period.
    """
    most = ROWS_MAX if most is None else min(most, ROWS_MAX)
    size = min(PAGE, most + 1)
    async with runtime.reading.acquire(organization.id) as connection:
        now = await reached(connection, organization.id)
        last = await position_of(connection, organization.id, period.end, end=now)
    span = f"from {period.begin:%Y-%m-%d %H:%M} to {period.end:%Y-%m-%d %H:%M} UTC"
    match name:
        case "access":
            columns: Sequence[str] = ACCESS_COLUMNS
            rows = _access(runtime, organization, last, size)
            span = f"as of {period.end:%Y-%m-%d %H:%M} UTC"
        case "role-changes":
            columns = ("recordedAt", "userName", "from", "to", "by", "position")
            rows = _role_changes(runtime, organization, period, size)
        case "leavers":
            columns = ("userName", "deactivatedAt", "lastAccessRemovedAt", "hours", "position")
            rows = _leavers(runtime, organization, period, size)
        case "administrators":
            columns = ("recordedAt", "userName", "change", "by", "position")
            rows = _administrators(runtime, organization, period)
        case _:
            columns = ("userName", "displayName", "role", "active", "lastSeenAt", "id")
            since = earlier(period.end, timedelta(days=days))
            rows = _unseen(runtime, organization, last, since, most + 1)
            span = f"for {days} days before {period.end:%Y-%m-%d %H:%M} UTC"
    found = await _first(rows, most + 1)
    is_cut = len(found) > most
    if is_cut:
        span += f", the first {most:,} rows only"
    return Table(TITLES[name], span, columns, found[:most], now, is_cut)


async def _first(rows: AsyncIterator[Row], most: int) -> list[Row]:
    """Return the first rows, at most so many."""
    found: list[Row] = []
    async with aclosing(rows) as each:  # type: ignore[type-var]
        async for row in each:
            found.append(row)
            if len(found) >= most:
                break
    return found


async def _pages(
    runtime: Runtime,
    organization: Organization,
    period: Period,
    types: Sequence[str],
    *,
    people: Sequence[UUID] | None = None,
    size: int = PAGE,
) -> AsyncIterator[Sequence[DescribedEvent]]:
    """Yield the events of some types in a period, oldest first, in pages. `people`: only theirs."""
    async with runtime.reading.acquire(organization.id) as connection:
        after, last = await positions_of(connection, organization.id, period.begin, period.end)
    wanted = Search(after, last, types=types, streams=people)
    page = Page("asc", limit=size)
    while True:
        found = await search_events(runtime, organization, wanted, page)
        yield found.events
        if not found.has_more:
            return
        page = Page("asc", found.events[-1].position, found.position, size)


async def _access(
    runtime: Runtime, organization: Organization, position: int, size: int
) -> AsyncIterator[Row]:
    async for page in access_rows(runtime, organization, position, size=size):
        for row in page:
            yield row


async def _role_changes(
    runtime: Runtime, organization: Organization, period: Period, size: int
) -> AsyncIterator[Row]:
    async for page in _pages(runtime, organization, period, ("RoleAssigned",), size=size):
        for event in page:
            yield _role_change(event)


def _role_change(event: DescribedEvent) -> Row:
    return {
        "recordedAt": event.recorded_at,
        "userName": event.resource_name,
        "from": event.facts.get("previousRole"),
        "to": event.facts.get("role"),
        "by": event.actor.name,
        "position": event.position,
    }


async def _leavers(
    runtime: Runtime, organization: Organization, period: Period, size: int
) -> AsyncIterator[Row]:
    """Yield who was deactivated or deleted, and when the last of its access was removed."""
    seen: set[UUID] = set()
    types = ("UserDeactivated", "UserDeleted")
    async for page in _pages(runtime, organization, period, types, size=size):
        first: dict[UUID, DescribedEvent] = {}
        for event in page:
            if event.resource_id not in seen:
                first.setdefault(event.resource_id, event)
        seen |= first.keys()
        async with runtime.reading.acquire(organization.id) as connection:
            ends = await last_access_ends(connection, organization.id, list(first))
        for event in first.values():
            last = ends.get(event.resource_id)
            if event.type == "UserDeleted" and last is not None and last < event.recorded_at:
                continue  # Who was deactivated before the period had left already.
            hours = None if last is None else (last - event.recorded_at) / timedelta(hours=1)
            yield {
                "userName": event.resource_name,
                "deactivatedAt": event.recorded_at,
                "lastAccessRemovedAt": last,
                "hours": None if hours is None else max(0.0, round(hours, 2)),
                "position": event.position,
            }


async def _administrators(
    runtime: Runtime, organization: Organization, period: Period
) -> AsyncIterator[Row]:
    """Yield who became an Administrator, and who no longer was one."""
    types = ("UserProvisioned", "RoleAssigned", *ENDS)
    administrator = organization.roles[TOKEN_ROLE]
    async with runtime.reading.acquire(organization.id) as connection:
        # They are few: without them, every event of everybody would be read.
        holders = await holders_ever(connection, organization.id, administrator)
    async for page in _pages(runtime, organization, period, types, people=holders):
        people = {each.resource_id for each in page if each.type in ENDS}
        async with runtime.reading.acquire(organization.id) as connection:
            held = await role_periods(connection, organization.id, administrator, list(people))
        for event in page:
            if change := _change(event, held.get(event.resource_id, ())):
                yield {
                    "recordedAt": event.recorded_at,
                    "userName": event.resource_name,
                    "change": change,
                    "by": event.actor.name,
                    "position": event.position,
                }


def _change(event: DescribedEvent, held: Sequence[tuple[int, int | None]]) -> str | None:
    """Return what an event means to somebody who was an Administrator between some positions; None for nothing."""
    if event.facts.get("role") == TOKEN_ROLE:
        return f"became {TOKEN_ROLE}"
    if event.facts.get("previousRole") == TOKEN_ROLE:
        return f"is no longer {TOKEN_ROLE}"
    is_held = any(
        begin <= event.position and (end is None or end >= event.position) for begin, end in held
    )
    return ENDS.get(event.type) if is_held else None


async def _unseen(  # noqa: PLR0917 - of which position, since when.
    runtime: Runtime, organization: Organization, position: int, since: datetime, most: int
) -> AsyncIterator[Row]:
    """Yield the people of a position of whom no identity provider caused an event from an instant up to it."""
    roles = {organization.roles[name]: name for name in ROLE_NAMES}
    async with runtime.reading.acquire(organization.id) as connection:
        found = await unseen_at(
            connection, organization.id, list(roles), position, since=since, limit=most
        )
    known: dict[UUID, str] = {}  # The groups that were named so far.
    for role_id, holders in groupby(found, key=lambda each: each.period.role_id):
        for page in pieces(list(holders), PAGE):
            async with runtime.reading.acquire(organization.id) as connection:
                named = await name_holders(connection, runtime, organization, page, position)
                ids = [each.user_id for each in page]
                seen = await last_provisioned(connection, organization.id, ids, position)
            for row in await with_groups(
                runtime, organization, roles[role_id], named, position, known
            ):
                yield {**row, "lastSeenAt": seen.get(row["id"])}
